'use client';

import { useMessages } from '@/messages/language';
import { useUnread } from './use-unread';

/** How many notifications are unread, beside the word Inbox. Nothing when there are none. */
export function UnreadBadge() {
  const m = useMessages();
  const unread = useUnread();
  if (!unread) return null;
  return (
    <span className="block rounded-full bg-primary px-1.5 font-semibold text-[11px] text-white leading-4 tabular-nums">
      <span aria-hidden="true">{unread}</span>
      <span className="sr-only">{m.nav.unread(unread)}</span>
    </span>
  );
}
