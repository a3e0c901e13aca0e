import { expect, test } from 'vitest';
import { parseQuickAdd } from '@/tasks/quick-add';

// A Friday.
const NOW = new Date(2026, 10, 27, 12);

test('signs are read, in any order, and the rest is the title', () => {
  expect(parseQuickAdd('Fix  !p0 the login @aki #bug #web ^fri', NOW)).toEqual({
    title: 'Fix the login',
    priority: 'p0',
    assignee: 'aki',
    labels: ['bug', 'web'],
    due: '2026-12-04',
  });
});

test('days have Japanese and English names', () => {
  expect(parseQuickAdd('予算を送る 明日', NOW)).toMatchObject({ title: '予算を送る', due: '2026-11-28' });
  expect(parseQuickAdd('a ^today', NOW).due).toBe('2026-11-27');
  expect(parseQuickAdd('a ^2026-12-31', NOW).due).toBe('2026-12-31');
});

test('what means nothing stays in the title', () => {
  expect(parseQuickAdd('!important ^someday a @ # \\#1', NOW)).toEqual({
    title: '!important ^someday a @ # #1',
    labels: [],
  });
});
