import { beforeEach, expect, test } from 'vitest';
import { isOfOpenTasks, parseQuery } from '@/tasks/list-query';
import { tasks } from '@/tasks/task-store';
import { readWhole } from '@/tasks/whole';
import { sample } from './samples';
import { serve } from './server';

beforeEach(() => tasks.clear());

/** An API with pages of two tasks each. */
function pages(count: number) {
  return serve({
    'GET /api/tasks': ({ request }) => {
      const page = Number(new URLSearchParams(request.split('?')[1]).get('cursor') ?? 0);
      const items = ['a', 'b'].map((name) => sample({ id: `${name}${page}` }));
      return { body: { items, next_cursor: page + 1 < count ? String(page + 1) : null } };
    },
  });
}

test('every open task is read once, page by page', async () => {
  const asked = pages(3);
  await readWhole(() => true);
  expect(tasks.isWhole).toBe(true);
  expect(tasks.all()).toHaveLength(6);
  const lists = asked.filter(({ request }) => request.startsWith('GET /api/tasks'));
  expect(lists).toHaveLength(3);
  expect(lists[0]?.request).toContain('status=pending%2Cin_progress');
  await readWhole(() => true);
  expect(asked.filter(({ request }) => request.startsWith('GET /api/tasks'))).toHaveLength(3);
});

test('a page that is left, or an organization with too many, is not held to be whole', async () => {
  pages(3);
  let answers = 0;
  await readWhole(() => {
    answers += 1;
    return answers < 2;
  });
  expect(tasks.isWhole).toBe(false);
  pages(10_000);
  await readWhole(() => true);
  expect(tasks.isWhole).toBe(false);
});

test('only lists of open tasks without a search are derived from memory', () => {
  const isDerived = (address: string) => isOfOpenTasks(parseQuery(new URLSearchParams(address)));
  for (const address of ['', '?status=pending', '?assignee=me&sort=due_at', '?priority=p0&label=l1'])
    expect(isDerived(address), address).toBe(true);
  for (const address of ['?status=all', '?status=completed', '?q=maple', '?view=board'])
    expect(isDerived(address), address).toBe(false);
});
