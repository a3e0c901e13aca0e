import type { Me } from '@/session/session';
import { resumeEdits } from '@/tasks/task-queue';

/** Begins what makes the pages work without a network, when the page has nothing better to do. */
export function startOffline(me: Me): void {
  void resumeEdits(me);
  // Not with `next dev`, whose files change.
  if (process.env.NODE_ENV !== 'production' || !('serviceWorker' in navigator)) return;
  const register = () => {
    // Without it everything works but for a reload without a network.
    navigator.serviceWorker.register('/sw.js').catch(() => {});
  };
  if ('requestIdleCallback' in window) requestIdleCallback(register, { timeout: 5_000 });
  else setTimeout(register, 2_000);
}
