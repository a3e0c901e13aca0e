import { expect, test } from 'vitest';
import { arrive, forgetArrivals, withArrivals } from '@/tasks/arrivals';
import { parseQuery } from '@/tasks/list-query';
import { TaskStore } from '@/tasks/task-store';
import { sample } from './samples';

const query = (text = '') => parseQuery(new URLSearchParams(text));
const at = (id: string, day: number) => sample({ id, created_at: `2026-11-0${day}T00:00:00.000000Z` });

test('a task that came by itself is where the order has it', () => {
  forgetArrivals();
  const store = new TaskStore();
  const pages = [at('c', 5), at('a', 3)];
  store.receive(...pages, at('d', 6), at('b', 4), at('old', 1));
  arrive(['d', 'b', 'old', 'a', 'unknown']);
  const ids = (hasMore: boolean, text?: string) =>
    withArrivals(pages, store, query(text), 'me', hasMore).map(({ id }) => id);
  expect(ids(false)).toEqual(['d', 'c', 'b', 'a', 'old']);
  // Its page has not been read yet.
  expect(ids(true)).toEqual(['d', 'c', 'b', 'a']);
  expect(ids(false, 'assignee=me')).toEqual(['c', 'a']);
});
