import { dayAfter, nextWeekday } from './due-date';
import { PRIORITIES, type Priority } from './task';

/** What a line of quick add means. Names are as typed: who knows people and labels looks them up. */
export type QuickAdd = {
  title: string;
  priority?: Priority;
  assignee?: string;
  labels: string[];
  /** A day: `2026-11-27`. */
  due?: string;
};

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const JAPANESE_DAYS: Record<string, number> = { 今日: 0, 明日: 1, 明後日: 2, あさって: 2 };

function dueDay(word: string, now: Date): string | undefined {
  const text = word.toLowerCase();
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return Number.isNaN(Date.parse(text)) ? undefined : text;
  if (text === 'today') return dayAfter(0, now);
  if (text === 'tomorrow' || text === 'tom') return dayAfter(1, now);
  const japanese = JAPANESE_DAYS[word];
  if (japanese !== undefined) return dayAfter(japanese, now);
  const weekday = WEEKDAYS.findIndex((day) => text.startsWith(day));
  return weekday < 0 ? undefined : nextWeekday(weekday, now);
}

/**
 * Reads `Fix login !p0 @aki #bug ^fri`: priority, person, label, due day. A word that means nothing stays
 * in the title; so does everything after a backslash: `\#1`.
 */
export function parseQuickAdd(line: string, now = new Date()): QuickAdd {
  const found: QuickAdd = { title: '', labels: [] };
  const title: string[] = [];
  for (const word of line.trim().split(/\s+/)) {
    const [sign, rest] = [word.charAt(0), word.slice(1)];
    const priority = PRIORITIES.find((known) => known === rest.toLowerCase());
    const due = sign === '^' ? dueDay(rest, now) : word in JAPANESE_DAYS ? dueDay(word, now) : undefined;
    if (sign === '!' && priority) found.priority = priority;
    else if (sign === '@' && rest) found.assignee = rest;
    else if (sign === '#' && rest) found.labels.push(rest);
    else if (due) found.due = due;
    else title.push(sign === '\\' ? rest : word);
  }
  found.title = title.join(' ');
  return found;
}
