import { closeOutbox, openOutbox, takeOver } from '@/offline/outbox';
import { onSessionEnd } from '@/session/access-token';
import type { Me } from '@/session/session';
import { arrive } from './arrivals';
import { creations } from './creations';
import { queue } from './task-queue';

/** Sends what waits: the network may be back. */
export function sendUnsent(): void {
  creations.retry();
  queue.retry();
}

onSessionEnd(() => {
  creations.clear();
  queue.clear();
  closeOutbox();
});

/** Sends what an earlier page of this person left behind, now and each time the page is seen again. */
export async function resumeUnsent(me: Me): Promise<void> {
  await openOutbox(me);
  const resume = async () => {
    await takeOver((edits, created) => {
      // Edits of a new task wait for it.
      creations.restore(created);
      // On no page of a list that was read.
      arrive(created.map(({ id }) => id));
      queue.restore(edits);
    });
    sendUnsent();
  };
  addEventListener('online', () => void resume());
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void resume();
  });
  await resume();
}
