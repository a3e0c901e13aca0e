import { whenIdle } from '@/components/idle';
import type { Me } from '@/session/session';
import { resumeEdits } from '@/tasks/task-queue';

/** Begins what makes the pages work without a network, when the page has nothing better to do. */
export function startOffline(me: Me): void {
  void resumeEdits(me);
  // Not with `next dev`, whose files change.
  if (process.env.NODE_ENV !== 'production' || !('serviceWorker' in navigator)) return;
  whenIdle(() => {
    // Without it everything works but for a reload without a network.
    navigator.serviceWorker.register('/sw.js').catch(() => {});
  }, 5_000);
}
