import { dateFormat } from '@/messages/formats';
import type { Task } from './task';

/**
 * A due date is a day: the same one for everybody, wherever they read it. Only programs set exact moments,
 * which are shown as the reader's day and time.
 */
export type Due = Pick<Task, 'due_on' | 'due_at'>;

/** The reader's day of a moment: `2026-11-27`. */
export function dayOf(moment: string | Date): string {
  const date = new Date(moment);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** Today, some days later. */
export function dayAfter(days: number, now = new Date()): string {
  return dayOf(new Date(now.getFullYear(), now.getMonth(), now.getDate() + days));
}

/** The next day of the week after today; 0 is Sunday. */
export function nextWeekday(weekday: number, now = new Date()): string {
  return dayAfter(((weekday - now.getDay() + 6) % 7) + 1, now);
}

/** The day on which a task is due; null when it has none. */
export function dueDay(due: Due): string | null {
  return due.due_on ?? (due.due_at ? dayOf(due.due_at) : null);
}

const keys = new WeakMap<Due, number>();

/**
 * Where a due date is sorted, as the API does it: a day at its end in UTC. Without one: infinity. A task does
 * not change, and is compared a dozen times when thousands are sorted.
 */
export function dueKey(due: Due): number {
  const known = keys.get(due);
  if (known !== undefined) return known;
  // A day alone is read as its beginning in UTC.
  const day = due.due_on ? Date.parse(due.due_on) + 86_400_000 : Number.POSITIVE_INFINITY;
  const key = due.due_at ? Date.parse(due.due_at) : day;
  keys.set(due, key);
  return key;
}

/** Whether it is over: a day when the reader's day is a later one. */
export function isOver(due: Due, now = new Date()): boolean {
  if (due.due_on) return due.due_on < dayOf(now);
  return due.due_at != null && Date.parse(due.due_at) < now.getTime();
}

/** A day as a row shows it: `Today`, `Nov 27`, `Nov 27, 2027`. */
export function shortDay(day: string, language: string, words: { today: string; tomorrow: string }): string {
  if (day === dayAfter(0)) return words.today;
  if (day === dayAfter(1)) return words.tomorrow;
  // In UTC at both ends: no time zone can move it.
  const isThisYear = day.slice(0, 4) === dayAfter(0).slice(0, 4);
  const year = isThisYear ? undefined : 'numeric';
  const format = dateFormat(language, { month: 'short', day: 'numeric', year, timeZone: 'UTC' });
  return format.format(new Date(day));
}

/** The time of an exact moment; null for a day. */
export function dueTime(due: Due, language: string): string | null {
  if (due.due_on || !due.due_at) return null;
  return dateFormat(language, { timeStyle: 'short' }).format(new Date(due.due_at));
}
