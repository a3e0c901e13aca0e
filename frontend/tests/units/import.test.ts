// @vitest-environment node
import { expect, test } from 'vitest';
import { dayIn, guessColumns, priorityOf, statusOf } from '@/import/columns';
import { draftsOf, readText } from '@/import/read-file';
import { batches, itemsOf, waves } from '@/import/run-import';

const JIRA = `Summary,Issue key,Status,Priority,Assignee,Due date,Labels,Description
"Prune, carefully",GARDEN-1,In Progress,Highest,Alice,27/Nov/26 12:00 AM,garden;autumn,"Two
lines"
Rake,GARDEN-2,Done,Low,,,,
,GARDEN-3,Done,Low,,,,
`;

test('a table of Jira is read with guessed columns', async () => {
  const content = await readText(`\uFEFF${JIRA}`);
  if (content.kind !== 'table') throw new Error(content.kind);
  const drafts = await draftsOf(content.rows, content.columns);
  expect(drafts).toEqual([
    {
      externalId: 'GARDEN-1',
      title: 'Prune, carefully',
      description: 'Two\nlines',
      status: 'in_progress',
      priority: 'p0',
      labels: ['garden', 'autumn'],
      assignee: 'Alice',
      due: '2026-11-27',
      url: undefined,
    },
    {
      externalId: 'GARDEN-2',
      title: 'Rake',
      description: '',
      status: 'completed',
      priority: 'p3',
      labels: [],
      assignee: undefined,
      due: undefined,
      url: undefined,
    },
  ]);
});

test('Japanese headings and semicolons are read, and a row without an id is known by what it says', async () => {
  const content = await readText(
    '件名;状態;優先度;期限日\n苔の水やり;処理中;高;2026/12/01\n苔の水やり;完了;低;',
  );
  if (content.kind !== 'table') throw new Error(content.kind);
  const drafts = await draftsOf(content.rows, content.columns);
  expect(drafts.map(({ status, priority, due }) => [status, priority, due])).toEqual([
    ['in_progress', 'p1', '2026-12-01'],
    ['completed', 'p3', undefined],
  ]);
  const ids = drafts.map(({ externalId }) => externalId);
  expect(new Set(ids).size).toBe(2);
  expect(ids).toEqual((await draftsOf(content.rows, content.columns)).map(({ externalId }) => externalId));
});

test('issues of GitHub name their repository, and why they were closed', async () => {
  const issue = { title: 'Prune', url: 'https://github.com/octocat/garden/issues/7', body: null };
  const content = await readText(
    JSON.stringify([
      { ...issue, number: 7, state: 'OPEN', labels: [{ name: 'bug' }], assignees: [{ login: 'bob' }] },
      { ...issue, number: 8, state: 'CLOSED', stateReason: 'NOT_PLANNED' },
      { ...issue, number: 9, state: 'CLOSED', stateReason: 'COMPLETED', url: 'javascript:alert(1)' },
      { number: 10 },
    ]),
  );
  if (content.kind !== 'tasks') throw new Error(content.kind);
  expect(content.source).toBe('github:octocat/garden');
  expect(content.drafts.map(({ externalId, status }) => [externalId, status])).toEqual([
    ['7', 'pending'],
    ['8', 'cancelled'],
    ['9', 'completed'],
  ]);
  expect(content.drafts[0]?.assignee).toBe('bob');
  expect(content.drafts[2]?.url).toBeUndefined();
});

test('words of other trackers become statuses, priorities and days, and doubt becomes the least', () => {
  const statuses = ['To Do', 'Not started', 'Closed', "Won't do", 'In review', '対応中', 'whatever', ''];
  expect(statuses.map(statusOf)).toEqual([
    'pending',
    'pending',
    'completed',
    'cancelled',
    'in_progress',
    'in_progress',
    'pending',
    'pending',
  ]);
  expect(['P1', 'Lowest', 'Critical', '', 'Medium'].map(priorityOf)).toEqual(['p1', 'p3', 'p0', 'p2', 'p2']);
  expect(dayIn('01/02/2026')).toBeUndefined();
  expect(dayIn('2026-02-30')).toBeUndefined();
  expect(dayIn('2026-11-27T15:00:00Z')).toBe('2026-11-27');
  expect(guessColumns(['Key', 'Title', 'Name'])).toEqual({ id: 0, title: 1 });
});

test('a batch has at most 200 tasks, and fits into a request', () => {
  const drafts = Array.from({ length: 450 }, (_, index) => ({
    externalId: String(index),
    title: 'Task',
    description: index < 100 ? '苔'.repeat(10_000) : '',
    status: 'pending' as const,
    priority: 'p2' as const,
    labels: ['Moss', 'moss', 'unknown'],
    assignee: 'ALICE',
  }));
  const people = [{ id: 'p1', login: 'alice', name: null, avatar_url: null }];
  const items = itemsOf(drafts, 'csv:x', {
    labels: new Map([['moss', 'l1']]),
    people,
    projects: new Map(),
    project: null,
    tasks: new Map(),
  });
  expect(items[0]?.task).toMatchObject({ label_ids: ['l1'], assignee_id: 'p1' });
  const found = batches(items);
  expect(found.flat()).toEqual(items);
  for (const batch of found) {
    expect(batch.length).toBeLessThanOrEqual(200);
    expect(new TextEncoder().encode(JSON.stringify({ items: batch })).length).toBeLessThan(1_000_000);
  }
});

test('a title that is too long is cut between characters', async () => {
  const content = await readText(`title\n${'🍁'.repeat(250)}`);
  if (content.kind !== 'table') throw new Error(content.kind);
  const [draft] = await draftsOf(content.rows, content.columns);
  expect([...(draft?.title ?? '')]).toHaveLength(200);
  expect(draft?.title.endsWith('🍁…')).toBe(true);
});

const EXPORT = [
  { table: 'export', row: { seq: 7 } },
  { table: 'organization', row: { id: 'o1', name: 'Garden', task_key: 'GAR' } },
  { table: 'members', row: { user_id: 'p1', login: 'alice', name: 'Alice' } },
  { table: 'labels', row: { id: 'l1', name: 'moss' } },
  { table: 'projects', row: { id: 'j1', name: 'Autumn' } },
  {
    table: 'tasks',
    row: {
      id: 't2',
      title: '苔の水やり',
      description: '毎朝',
      status: 'in_progress',
      priority: 'p0',
      assignee_id: 'p1',
      parent_id: 't1',
      project_id: 'j1',
      due_at: null,
      due_on: '2026-12-01',
      metadata: { plot: 3 },
      label_ids: ['l1'],
    },
  },
  { table: 'tasks', row: { id: 't1', title: 'Moss', status: 'pending', priority: 'p2', label_ids: [] } },
  { table: 'task_comments', row: { id: 'c1', task_id: 't1', body: 'Hello' } },
];

test('an export of this application is read, and its sub-tasks come after what is above them', async () => {
  const content = await readText(EXPORT.map((line) => JSON.stringify(line)).join('\n'));
  if (content.kind !== 'tasks') throw new Error(content.kind);
  expect([content.source, content.organization]).toEqual(['miyabi:o1', 'o1']);
  const [first, second] = waves(content.drafts);
  expect([first?.map(({ title }) => title), second?.map(({ title }) => title)]).toEqual([
    ['Moss'],
    ['苔の水やり'],
  ]);
  const [item] = itemsOf(second ?? [], content.source, {
    labels: new Map([['moss', 'l9']]),
    people: [{ id: 'p9', login: 'Alice', name: null, avatar_url: null }],
    projects: new Map([['autumn', 'j9']]),
    project: null,
    tasks: new Map([['t1', 't9']]),
  });
  expect(item).toEqual({
    source: 'miyabi:o1',
    external_id: 't2',
    url: undefined,
    task: {
      title: '苔の水やり',
      description: '毎朝',
      status: 'in_progress',
      priority: 'p0',
      assignee_id: 'p9',
      label_ids: ['l9'],
      project_id: 'j9',
      parent_id: 't9',
      due_on: '2026-12-01',
      due_at: undefined,
      metadata: { plot: 3 },
    },
  });
});

test('tasks above each other in a circle end, and a broken export is an error', async () => {
  const base = {
    title: 'x',
    description: '',
    status: 'pending' as const,
    priority: 'p2' as const,
    labels: [],
  };
  const circle = [
    { ...base, externalId: 'a', parent: 'b' },
    { ...base, externalId: 'b', parent: 'a' },
  ];
  expect(waves(circle).flat()).toHaveLength(2);
  await expect(readText('{"table": "tasks", "row": {"id": 1}}')).rejects.toThrow('organization');
  await expect(readText('{"table": "organization", "row": {"id": 1}}\n{"table')).rejects.toThrow();
});
