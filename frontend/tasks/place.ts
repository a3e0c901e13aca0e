import type { Task } from './task';

/** A step of a task among those that are shown with it. */
export type Step = 'first' | 'up' | 'down' | 'last';
export const STEPS: readonly Step[] = ['first', 'up', 'down', 'last'];

/** A place in the order that people make: the task in front of it, and the key that sorts until the server gives one. */
export type Place = { rank: string; after: string | null };

/**
 * A key between two. It ends with characters that come before every digit of the server's keys, so that it
 * is between whichever of them are neighbours.
 */
export function keyBetween(low: string, high?: string): string {
  for (let spaces = 0; ; spaces += 1) {
    const key = `${low}${' '.repeat(spaces)}!`;
    if (high === undefined || key < high || spaces > high.length) return key;
  }
}

/** What the server has: nothing can be put behind what it does not know yet. */
function isPlaced(task: Task): boolean {
  return task.version > 0;
}

/** The task that comes before another one in the order of all that are known. */
function inFrontOf(next: Task, moved: string, known: readonly Task[]): Task | undefined {
  let found: Task | undefined;
  for (const task of known) {
    if (task.id === moved || task.rank >= next.rank || !isPlaced(task)) continue;
    if (!found || found.rank < task.rank) found = task;
  }
  return found;
}

/**
 * The place of a task at an index of others, which are in their order and are shown without it. Before the
 * first of them, it comes behind a task that is not shown, where one is known: no further than it must.
 */
export function placeAt(
  moved: string,
  others: readonly Task[],
  index: number,
  known: readonly Task[],
): Place {
  const shown = others.filter(isPlaced);
  const next = shown[index];
  const before = shown[Math.min(index, shown.length) - 1] ?? (next && inFrontOf(next, moved, known));
  return { rank: keyBetween(before?.rank ?? '', next?.rank), after: before?.id ?? null };
}

/** Where a task is now, for the way back. */
export function placeOf(task: Task, known: readonly Task[]): Place {
  return { rank: task.rank, after: inFrontOf(task, task.id, known)?.id ?? null };
}

/** The index among the others to which a step leads; null when it is there already. */
export function indexAfter(step: Step, from: number, others: number): number | null {
  const to = { first: 0, up: from - 1, down: from + 1, last: others }[step];
  return to < 0 || to > others || to === from ? null : to;
}
