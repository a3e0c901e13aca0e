import { expect, test } from 'vitest';
import { parseQuery, queryString } from '@/tasks/list-query';
import { addressOf, savedOf } from '@/views/view-query';

const parse = (text: string) => parseQuery(new URLSearchParams(text));

test.each([
  '',
  'status=all',
  'status=failed&priority=p1&sort=title',
  'view=board',
  'view=board&project=none&assignee=me',
  'view=board&status=completed',
  'q=%E7%B4%85%E8%91%89&label=l1',
])('the list %j comes back as it was saved', (address) => {
  expect(addressOf(savedOf(parse(address)))).toBe(`/tasks/${queryString(parse(address))}`);
});

test('nothing of a page or an open task is saved', () => {
  expect(savedOf(parse('task=MIY-1&status=all')).query).toBe('sort=-created_at');
});

test.each(['created_by=me', 'status=failed,cancelled', 'priority=p0,p1', 'overdue=true', 'sort=-title'])(
  'a view of a program with %j is not shown as another one',
  (query) => {
    expect(addressOf({ query, layout: 'list' })).toBeNull();
  },
);
