import { api, body } from '@/api/client';
import { OPEN } from './task';
import { tasks } from './task-store';

/** Most open tasks that are held in memory; beyond them lists are read page by page. */
const MOST = 5_000;
const PAGE = 100;

/**
 * Reads every open task once, after the first rows are shown, so that lists are derived from memory and no
 * filter waits for the server. From then on events keep it current (live/live-sync.ts), which is why it is
 * called only while they come.
 */
export async function readWhole(isWanted: () => boolean): Promise<void> {
  if (tasks.isWhole) return;
  let cursor: string | undefined;
  let count = 0;
  do {
    const query = { status: OPEN.join(), limit: PAGE, cursor };
    const page = await body(api.GET('/api/tasks', { params: { query } }));
    if (!isWanted()) return;
    tasks.receive(...page.items);
    count += page.items.length;
    cursor = page.next_cursor ?? undefined;
  } while (cursor && count < MOST);
  if (!cursor) tasks.setWhole(true);
}
