import { api, body, type Schema } from '@/api/client';
import { toast, toastProblem } from '@/components/toast-store';
import { messages } from '@/messages/language';
import { arrive } from './arrivals';
import { withdraw } from './creations';
import { refreshDerived } from './derived';
import { remember } from './history';
import type { Task } from './task';
import { fetchTasks, unlessStale } from './task-queue';
import { tasks } from './task-store';

/** Most tasks of one request. */
const MOST = 100;
/** How often a deletion is made from newer versions. */
const ATTEMPTS = 3;

/** A task at a version. */
export type Versioned = { id: string; version: number };

function chunks<T>(all: T[]): T[][] {
  const found: T[][] = [];
  for (let first = 0; first < all.length; first += MOST) found.push(all.slice(first, first + MOST));
  return found;
}

async function sendAll(
  action: Schema['BulkAction'],
  some: Versioned[],
): Promise<Schema['TaskSummary'][] | 'stale'> {
  const items = some.map(({ id, version }) => ({ id, version, action }));
  const params = { header: { 'Idempotency-Key': crypto.randomUUID() } };
  const answer = await unlessStale(body(api.POST('/api/tasks/bulk', { params, body: { items } })));
  return answer === 'stale' ? answer : answer.items;
}

/** Deletes tasks, at once on the screen; the way back is `Undo`, and later the trash. */
export async function deleteTasks(chosen: string[]): Promise<void> {
  const ids = chosen.map((id) => tasks.currentId(id));
  // Those that the server does not have are created again.
  const again = ids.flatMap((id) => withdraw(id) ?? []);
  const deleted = await removeQuietly(ids);
  const count = deleted.length + again.length;
  if (count === 0) return;
  const text = messages().tasks.removed(count);
  const undo = async () => {
    for (const create of again) create();
    const restored = await restoreTasks(deleted);
    return again.length + restored.length > 0;
  };
  toast({ text, undo: remember({ what: text, undo }) });
}

/** Deletes without a message. Returns those that were deleted, at the version that the trash has. */
export async function removeQuietly(all: string[]): Promise<Versioned[]> {
  for (const id of all) withdraw(id);
  const ids = all.filter((id) => tasks.confirmedTask(id));
  tasks.together(() => {
    for (const id of ids) tasks.remove(id);
  });
  const deleted: Versioned[] = [];
  for (const some of chunks(ids)) deleted.push(...(await removeSome(some)));
  refreshDerived();
  return deleted;
}

async function removeSome(ids: string[]): Promise<Versioned[]> {
  try {
    if (ids.length > 1) return await removeTogether(ids);
  } catch {
    // One of them is refused, and with it all: each is tried for itself, and named when it fails.
  }
  const deleted: Versioned[] = [];
  for (const id of ids) {
    try {
      await api.DELETE('/api/tasks/{task_id}', { params: { path: { task_id: id } } });
      // A deletion is a change like any other: the next version.
      deleted.push({ id, version: (tasks.confirmedTask(id)?.version ?? 0) + 1 });
    } catch (problem) {
      tasks.unremove(id);
      toastProblem(messages().tasks.failed(tasks.get(id)?.title ?? id), problem);
    }
  }
  return deleted;
}

/** Throws when one of them cannot be deleted. */
async function removeTogether(ids: string[]): Promise<Versioned[]> {
  let known: Versioned[] = ids.flatMap((id) => tasks.confirmedTask(id) ?? []);
  for (let attempt = 1; ; attempt += 1) {
    const answer = await sendAll('delete', known);
    if (answer !== 'stale') return answer.map(({ id, version }) => ({ id, version }));
    if (attempt === ATTEMPTS) throw new Error('other people keep changing these tasks');
    // What somebody else deleted meanwhile is missing, and done.
    known = await fetchTasks(ids);
    if (known.length === 0) return [];
  }
}

/**
 * Restores deleted tasks: several in one request, when nobody else touched them since. Resolves to those that
 * are restored; of the others, the person is shown why.
 */
export async function restoreTasks(some: Versioned[]): Promise<Task[]> {
  const restored: Task[] = [];
  for (const chunk of chunks(some)) restored.push(...(await restoreSome(chunk)));
  refreshDerived();
  return restored;
}

async function restoreSome(some: Versioned[]): Promise<Task[]> {
  try {
    const answer = some.length > 1 ? await sendAll('restore', some) : 'stale';
    if (answer !== 'stale') return show(answer);
  } catch {
    // As with a deletion.
  }
  const restored: Task[] = [];
  for (const { id } of some) {
    try {
      restored.push(
        await body(api.POST('/api/tasks/{task_id}/restore', { params: { path: { task_id: id } } })),
      );
    } catch (problem) {
      toastProblem(messages().tasks.failed(messages().trash.restore), problem);
    }
  }
  return show(restored);
}

function show(restored: Task[]): Task[] {
  tasks.together(() => {
    tasks.receive(...restored);
    for (const { id } of restored) tasks.unremove(id);
  });
  arrive(restored.map(({ id }) => id));
  return restored;
}
