import { storedCount } from '@/offline/outbox';
import { askBeforeLosing } from '@/session/leaving';
import { tasks } from './task-store';
import { sendUnsent } from './unsent';

/** How long the end of a session waits for changes on their way before it asks, in milliseconds. */
const QUIET = 3_000;
/** How often it looks whether they are saved, in milliseconds. */
const LOOK = 200;

const pause = () => new Promise<void>((resolve) => setTimeout(resolve, LOOK));

/** Tasks with changes that are not saved: of this page, of other tabs, and what earlier pages left behind. */
async function unsavedCount(): Promise<number> {
  return Math.max(tasks.pendingCount(), await storedCount());
}

/**
 * Sends what is not saved before a session ends, and asks when that takes too long. Resolves to whether the
 * session may end: nothing is dropped that nobody agreed to lose.
 */
export async function lastEdits(): Promise<boolean> {
  let count = await unsavedCount();
  if (count > 0) sendUnsent();
  for (const deadline = Date.now() + QUIET; count > 0 && Date.now() < deadline; count = await unsavedCount())
    await pause();
  return count === 0 || askBeforeLosing(count, unsavedCount, pause);
}
