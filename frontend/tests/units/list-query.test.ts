import { expect, test } from 'vitest';
import { listUrl, matches, parseQuery, queryString } from '@/tasks/list-query';
import { sample } from './samples';

const parse = (text: string) => parseQuery(new URLSearchParams(text));

test('an address is what it was made of, without its defaults', () => {
  expect(queryString(parse(''))).toBe('');
  const address = '?view=board&status=all&priority=p0&assignee=me&label=l1&q=maple&task=t1&sort=due_at';
  expect(parse(queryString(parse(address)))).toEqual(parse(address));
});

test('what an address should not say is left out', () => {
  expect(queryString(parse('view=table&status=open&priority=p9&sort=place'))).toBe('');
});

test('a search has no order, since the API refuses both', () => {
  expect(listUrl(parse('q=maple'))).toBe('/api/tasks?limit=100&status=pending%2Cin_progress&q=maple');
  expect(listUrl(parse('sort=title'))).toContain('sort=title');
});

test('a task that is done leaves the list of open ones, and stays on the board', () => {
  const done = sample({ status: 'completed' });
  expect(matches(done, parse(''), 'me')).toBe(false);
  expect(matches(done, parse('view=board'), 'me')).toBe(true);
  expect(matches(sample({ assignee: { id: 'me', login: 'a' } }), parse('assignee=me'), 'me')).toBe(true);
  expect(matches(sample(), parse('assignee=me'), 'me')).toBe(false);
});
