import { comparison, type ListQuery, matches } from './list-query';
import type { Task } from './task';
import type { TaskStore } from './task-store';

/** Tasks that are on no page that was read: created or restored since, here or elsewhere. */
const arrived = new Set<string>();
const arrivals = new Set<() => void>();
const reloads = new Set<() => void>();

/** Takes tasks that are in the store and in no list. */
export function arrive(ids: string[]): void {
  for (const id of ids) arrived.add(id);
  for (const listener of arrivals) listener();
}

/** Calls back after that. */
export function onArrival(listener: () => void): () => void {
  arrivals.add(listener);
  return () => arrivals.delete(listener);
}

/** Has every list that is shown read again. */
export function reloadLists(): void {
  for (const listener of reloads) listener();
}

/** Calls back when lists have to be read again. */
export function onReload(listener: () => void): () => void {
  reloads.add(listener);
  return () => reloads.delete(listener);
}

/**
 * Puts the tasks that arrived since the pages were read where the order of the list has them. Behind the last one of a list
 * that has more pages is none: it comes with its page.
 */
export function withArrivals(
  items: Task[],
  store: TaskStore,
  query: ListQuery,
  me: string,
  hasMore: boolean,
): Task[] {
  const listed = new Set(items.map((task) => task.id));
  const compare = comparison(query.sort);
  const fresh: Task[] = [];
  for (const id of arrived) {
    const task = listed.has(id) ? undefined : store.get(id);
    if (task && matches(task, query, me)) fresh.push(task);
  }
  fresh.sort(compare);
  const found: Task[] = [];
  let next = 0;
  for (const item of items) {
    for (let task = fresh[next]; task && compare(task, item) < 0; task = fresh[next]) {
      found.push(task);
      next += 1;
    }
    found.push(item);
  }
  return hasMore ? found : [...found, ...fresh.slice(next)];
}

/** Forgets them: another person or organization. */
export function forgetArrivals(): void {
  arrived.clear();
}
