import { afterEach, expect, test, vi } from 'vitest';
import { dueDay, dueKey, dueTime, isOver, nextWeekday, shortDay } from '@/tasks/due-date';
import { comparison } from '@/tasks/list-query';
import { sample } from './samples';

const WORDS = { today: 'Today', tomorrow: 'Tomorrow' };

afterEach(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
});

test.each(['Asia/Tokyo', 'America/Los_Angeles', 'Pacific/Kiritimati', 'UTC'])(
  'a due day is the same day in %s',
  (zone) => {
    vi.stubEnv('TZ', zone);
    vi.useFakeTimers({ now: new Date('2026-06-01T12:00:00Z') });
    for (const [day, shown] of [
      ['2026-01-01', 'Jan 1'],
      ['2026-03-29', 'Mar 29'],
      ['2026-10-25', 'Oct 25'],
      ['2027-12-31', 'Dec 31, 2027'],
    ] as const) {
      expect(dueDay({ due_on: day })).toBe(day);
      expect(shortDay(day, 'en', WORDS)).toBe(shown);
      expect(dueTime({ due_on: day }, 'en')).toBeNull();
    }
  },
);

test('a day is over when the reader has a later one, a moment when it has passed', () => {
  // The same moment, in the evening of one day and in the morning of the next.
  const now = new Date('2026-11-27T20:00:00Z');
  vi.stubEnv('TZ', 'America/Los_Angeles');
  expect(isOver({ due_on: '2026-11-27' }, now)).toBe(false);
  expect(isOver({ due_at: '2026-11-27T19:00:00Z' }, now)).toBe(true);
  vi.stubEnv('TZ', 'Asia/Tokyo');
  expect(isOver({ due_on: '2026-11-27' }, now)).toBe(true);
  expect(isOver({ due_on: '2026-11-28' }, now)).toBe(false);
});

test('days and moments are in one order, as the API has it', () => {
  expect(dueKey({ due_on: '2026-11-27' })).toBe(Date.parse('2026-11-28T00:00:00Z'));
  const tasks = [
    sample({ id: 'none' }),
    sample({ id: 'day', due_on: '2026-11-27' }),
    sample({ id: 'before', due_at: '2026-11-27T23:59:00Z' }),
    sample({ id: 'after', due_at: '2026-11-28T00:01:00Z' }),
  ];
  expect(tasks.sort(comparison('due_at')).map(({ id }) => id)).toEqual(['before', 'day', 'after', 'none']);
});

test('the next weekday is after today, within a week', () => {
  const friday = new Date(2026, 10, 27, 12);
  expect(nextWeekday(1, friday)).toBe('2026-11-30');
  expect(nextWeekday(5, friday)).toBe('2026-12-04');
  expect(nextWeekday(6, friday)).toBe('2026-11-28');
});
