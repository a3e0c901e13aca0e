import { expect, test, vi } from 'vitest';
import { EditQueue, type EditTransport } from '@/tasks/edit-queue';
import type { Task, TaskEdit } from '@/tasks/task';
import { TaskStore } from '@/tasks/task-store';
import { sample } from './samples';

/** A server of one task that answers when it is told to. */
function server(store: TaskStore) {
  let task = sample();
  store.receive(task);
  const sent: [number, TaskEdit][] = [];
  const waiting: (() => void)[] = [];
  const transport: EditTransport = {
    async patch(_, version, edit) {
      sent.push([version, edit]);
      await new Promise<void>((resolve) => waiting.push(resolve));
      if (version !== task.version) return 'stale';
      task = { ...task, ...edit, version: task.version + 1 } as Task;
      return task;
    },
    fetch: async () => task,
  };
  return {
    transport,
    sent,
    /** Answers the next request, once it has come. */
    async answer() {
      await vi.waitFor(() => expect(waiting.length).toBeGreaterThan(0));
      waiting.shift()?.();
    },
    somebodyElse(edit: TaskEdit) {
      task = { ...task, ...edit, version: task.version + 1 } as Task;
    },
    task: () => task,
  };
}

function listener(choice: string | null = null) {
  return { choose: vi.fn(async () => choice), overwritten: vi.fn(), failed: vi.fn() };
}

test('an edit is shown at once, and followers are sent together', async () => {
  const store = new TaskStore();
  const api = server(store);
  const queue = new EditQueue(store, api.transport, listener());
  queue.edit('t1', { title: 'One' });
  queue.edit('t1', { title: 'Two' });
  queue.edit('t1', { priority: 'p0' });
  expect(store.get('t1')).toMatchObject({ title: 'Two', priority: 'p0' });
  expect(store.isPending('t1')).toBe(true);
  await api.answer();
  await api.answer();
  await queue.idle();
  expect(api.sent).toEqual([
    [1, { title: 'One' }],
    [2, { title: 'Two', priority: 'p0' }],
  ]);
  expect(store.isPending('t1')).toBe(false);
});

test('an edit of another field is sent again without asking', async () => {
  const store = new TaskStore();
  const api = server(store);
  const hears = listener();
  const queue = new EditQueue(store, api.transport, hears);
  api.somebodyElse({ title: 'Theirs' });
  queue.edit('t1', { priority: 'p0' });
  await api.answer();
  await api.answer();
  await queue.idle();
  expect(api.task()).toMatchObject({ title: 'Theirs', priority: 'p0' });
  expect(hears.choose).not.toHaveBeenCalled();
});

test('the same text is asked about, and the answer is saved', async () => {
  const store = new TaskStore();
  const api = server(store);
  const hears = listener('Both');
  const queue = new EditQueue(store, api.transport, hears);
  api.somebodyElse({ title: 'Theirs' });
  queue.edit('t1', { title: 'Mine' });
  await api.answer();
  await api.answer();
  await queue.idle();
  expect(hears.choose).toHaveBeenCalledWith(expect.anything(), {
    field: 'title',
    mine: 'Mine',
    theirs: 'Theirs',
  });
  expect(api.task().title).toBe('Both');
});

test('a text that was begun before another one arrived is a conflict, too', async () => {
  const store = new TaskStore();
  const api = server(store);
  const hears = listener(null);
  const queue = new EditQueue(store, api.transport, hears);
  api.somebodyElse({ title: 'Theirs' });
  store.receive(api.task());
  queue.edit('t1', { title: 'Mine' }, { title: 'Water the maple' });
  await queue.idle();
  expect(hears.choose).toHaveBeenCalledOnce();
  expect(api.sent).toEqual([]);
  expect(store.get('t1')?.title).toBe('Theirs');
});

test('a waiting edit of another field keeps the text that it was made from', async () => {
  const store = new TaskStore();
  const api = server(store);
  const hears = listener(null);
  const queue = new EditQueue(store, api.transport, hears);
  queue.edit('t1', { priority: 'p0' });
  queue.edit('t1', { title: 'Mine' });
  api.somebodyElse({ title: 'Theirs' });
  await api.answer();
  await api.answer();
  await queue.idle();
  expect(hears.choose).toHaveBeenCalledOnce();
  expect(api.task()).toMatchObject({ title: 'Theirs', priority: 'p0' });
});

test('an edit that is refused is no longer shown, and reported', async () => {
  const store = new TaskStore();
  store.receive(sample());
  const hears = listener();
  const refused = new Error('no');
  const queue = new EditQueue(store, { patch: () => Promise.reject(refused), fetch: vi.fn() }, hears);
  queue.edit('t1', { title: 'Mine' });
  await queue.idle();
  expect(store.get('t1')?.title).toBe('Water the maple');
  expect(hears.failed).toHaveBeenCalledWith(expect.anything(), { title: 'Mine' }, refused);
});

test('a description whose version came without it is read before it is compared', async () => {
  const store = new TaskStore();
  const api = server(store);
  const hears = listener();
  const queue = new EditQueue(store, api.transport, hears);
  api.somebodyElse({ priority: 'p0' });
  const { description: _, ...summary } = api.task();
  store.receive(summary);
  expect(store.get('t1')?.description).toBe('Every morning');
  queue.edit('t1', { description: 'Every evening' });
  await api.answer();
  await queue.idle();
  expect(hears.choose).not.toHaveBeenCalled();
  expect(api.task()).toMatchObject({ description: 'Every evening', priority: 'p0' });
});
