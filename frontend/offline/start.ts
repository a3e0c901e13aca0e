import { whenIdle } from '@/components/idle';
import type { Me } from '@/session/session';
import { openDrafts } from '@/tasks/drafts';
import { resumeUnsent } from '@/tasks/unsent';

/** Begins what makes the pages work without a network, when the page has nothing better to do. */
export function startOffline(me: Me): void {
  void openDrafts(me);
  void resumeUnsent(me);
  // Not with `next dev`, whose files change.
  if (process.env.NODE_ENV !== 'production' || !('serviceWorker' in navigator)) return;
  whenIdle(() => {
    // Without it everything works but for a reload without a network.
    navigator.serviceWorker.register('/sw.js').catch(() => {});
  }, 5_000);
}
