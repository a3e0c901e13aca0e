import type { Person } from './task';

/** Most people that are offered at once. */
const MOST = 6;

/** The `@log` that is being typed before the caret; null when none is: handlers/tasks/src/notifications.rs. */
export function mentionBefore(text: string, caret: number): { start: number; typed: string } | null {
  const found = /(?:^|[^A-Za-z0-9_\-./@])@([A-Za-z0-9_-]*)$/.exec(text.slice(0, caret));
  if (!found) return null;
  const typed = found[1] ?? '';
  return { start: caret - typed.length - 1, typed };
}

/** The text with a whole mention in the place of the one that is being typed, and where the caret comes. */
export function withMention(
  text: string,
  start: number,
  caret: number,
  login: string,
): { text: string; caret: number } {
  const mention = `@${login} `;
  return { text: text.slice(0, start) + mention + text.slice(caret), caret: start + mention.length };
}

/** The people whose login or name begins with what was typed. */
export function peopleFor(typed: string, people: Person[]): Person[] {
  const wanted = typed.toLowerCase();
  const isMatch = ({ login, name }: Person) =>
    [login, ...(name ?? '').split(/\s+/)].some((word) => word.toLowerCase().startsWith(wanted));
  return people.filter(isMatch).slice(0, MOST);
}
