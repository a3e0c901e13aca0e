'use client';

import { useMessages } from '@/messages/language';
import type { Leaving } from '@/session/leaving';
import { Dialog } from './Dialog';

/** Asks before changes are lost that the server does not have. It closes by itself once they are saved. */
export function SignOutDialog({ count, answer }: Leaving) {
  const m = useMessages();
  return (
    <Dialog title={m.leaving.title(count)} onClose={() => answer(false)}>
      <div className="p-4">
        <p className="mb-4 text-muted">{m.leaving.lead}</p>
        <div className="flex flex-wrap justify-end gap-2">
          <button type="button" className="button border-danger text-danger" onClick={() => answer(true)}>
            {m.leaving.lose(count)}
          </button>
          <button type="button" className="primary-button" onClick={() => answer(false)}>
            {m.leaving.wait}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
