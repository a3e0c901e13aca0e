'use client';

import { useMessages } from '@/messages/language';
import { isCounted, isTooLong, LONGEST_TITLE, titleLength } from './title-length';

/** How many characters a title has once it is nearly too long, and that it is not saved when it is. */
export function TitleCount({ id, title }: { id: string; title: string }) {
  const m = useMessages();
  const length = titleLength(title);
  return (
    // Always there: what appears in it is read out.
    <p id={id} aria-live="polite" className="flex flex-wrap gap-x-2 text-xs">
      {isTooLong(title) && (
        <span className="text-danger">{m.task.titleTooLong(LONGEST_TITLE, length - LONGEST_TITLE)}</span>
      )}
      {isCounted(title) && <span className="text-muted">{m.task.titleCount(length, LONGEST_TITLE)}</span>}
    </p>
  );
}
