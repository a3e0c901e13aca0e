import { comparison, type ListQuery, matches } from './list-query';
import type { Task } from './task';
import type { TaskStore } from './task-store';

/**
 * The tasks of a query in its order, from memory. Begins with the order of `before`, the last result, which
 * is nearly the next one: sorting what is sorted takes one pass over it.
 */
export function deriveList(before: readonly Task[], store: TaskStore, query: ListQuery, me: string): Task[] {
  const found: Task[] = [];
  const seen = new Set<string>();
  for (const { id } of before) {
    const task = store.get(id);
    if (task && matches(task, query, me)) found.push(task);
    seen.add(id);
  }
  for (const task of store.all()) if (!seen.has(task.id) && matches(task, query, me)) found.push(task);
  return found.sort(comparison(query.sort));
}

/** `before` itself when it has the same tasks in the same order: then nothing is drawn again. */
export function unlessSame<T>(before: T[], next: T[]): T[] {
  const isSame = before.length === next.length && before.every((item, index) => item === next[index]);
  return isSame ? before : next;
}
