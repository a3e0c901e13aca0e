import { expect, test } from 'vitest';
import { dayOf, endOfDay, nextWeekday } from '@/tasks/due-date';

test('a day stays the same day on the way to the API and back', () => {
  for (const day of ['2026-01-01', '2026-03-29', '2026-10-25', '2026-12-31'])
    expect(dayOf(endOfDay(day))).toBe(day);
});

test('the next weekday is after today, within a week', () => {
  const friday = new Date(2026, 10, 27, 12);
  expect(nextWeekday(1, friday)).toBe('2026-11-30');
  expect(nextWeekday(5, friday)).toBe('2026-12-04');
  expect(nextWeekday(6, friday)).toBe('2026-11-28');
});
