import { expect, test } from 'vitest';
import { mentionBefore, peopleFor, withMention } from '@/tasks/mention';

const PEOPLE = [
  { id: 'p1', login: 'bob-1', name: 'Robert Stone', avatar_url: null },
  { id: 'p2', login: 'carol', name: null, avatar_url: null },
];

test.each([
  ['@', 1, { start: 0, typed: '' }],
  ['Ask @bo now', 7, { start: 4, typed: 'bo' }],
  ['お願い@bo', 6, { start: 3, typed: 'bo' }],
  ['a@example', 9, null],
  ['https://x.example/@me', 21, null],
  ['@bob done', 9, null],
])('what is typed in %j before %i', (text, caret, mention) => {
  expect(mentionBefore(text, caret)).toEqual(mention);
});

test('people are found by login and by each word of their name', () => {
  const logins = (typed: string) => peopleFor(typed, PEOPLE).map(({ login }) => login);
  expect(logins('')).toEqual(['bob-1', 'carol']);
  expect(logins('STO')).toEqual(['bob-1']);
  expect(logins('tone')).toEqual([]);
});

test('the mention replaces what was typed, and nothing behind it', () => {
  expect(withMention('Ask @bo now', 4, 7, 'bob-1')).toEqual({ text: 'Ask @bob-1  now', caret: 11 });
});
