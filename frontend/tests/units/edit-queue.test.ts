import { expect, test, vi } from 'vitest';
import { EditQueue } from '@/tasks/edit-queue';
import type { EditTransport, Outbox, UnsentEdit } from '@/tasks/edit-transport';
import type { Task, TaskEdit } from '@/tasks/task';
import { TaskStore } from '@/tasks/task-store';
import { sample } from './samples';

/** A machine that builds at the same time takes longer than the second that is waited otherwise. */
const BUSY = { timeout: 10_000 };

class Unreachable extends Error {}

/** A server of some tasks that answers on demand. */
function server(store: TaskStore, ids = ['t1']) {
  const all = new Map(ids.map((id) => [id, sample({ id })]));
  store.receive(...all.values());
  const sent: [number, TaskEdit][] = [];
  const bulk: string[][] = [];
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  let refused = '';
  function change(id: string, edit: TaskEdit): Task {
    const task = all.get(id);
    if (!task || id === refused) throw new Error(`no ${id}`);
    const next = { ...task, ...edit, version: task.version + 1 } as Task;
    all.set(id, next);
    return next;
  }
  const turn = () => new Promise<void>((resolve, reject) => waiting.push({ resolve, reject }));
  const isStale = (task: Task) => all.get(task.id)?.version !== task.version;
  const transport: EditTransport = {
    async patch({ task, edit }) {
      sent.push([task.version, edit]);
      await turn();
      return isStale(task) ? 'stale' : change(task.id, edit);
    },
    async patchAll(changes) {
      bulk.push(changes.map(({ task }) => task.id));
      await turn();
      if (changes.some(({ task }) => task.id === refused)) throw new Error(`no ${refused}`);
      if (changes.some(({ task }) => isStale(task))) return 'stale';
      return changes.map(({ task, edit }) => change(task.id, edit));
    },
    fetchAll: async (wanted) => wanted.flatMap((id) => all.get(id) ?? []),
    fetch: async (id) => all.get(id) as Task,
    isTemporary: (error) => error instanceof Unreachable,
  };
  const next = async () => {
    await vi.waitFor(() => expect(waiting.length).toBeGreaterThan(0), BUSY);
    return waiting.shift();
  };
  return {
    transport,
    sent,
    bulk,
    /** Answers the next request, once it has come. */
    answer: async () => (await next())?.resolve(),
    /** The next request gets no response. */
    cut: async () => (await next())?.reject(new Unreachable()),
    refuse(id: string) {
      refused = id;
    },
    somebodyElse(edit: TaskEdit, id = 't1') {
      change(id, edit);
    },
    task: (id = 't1') => all.get(id) as Task,
  };
}

/** A disk that keeps edits by their tasks. */
function disk() {
  const kept = new Map<string, UnsentEdit>();
  const outbox: Outbox = {
    async put(edits) {
      for (const edit of edits) kept.set(edit.task, structuredClone(edit));
    },
    async remove(tasks) {
      for (const task of tasks) kept.delete(task);
    },
  };
  return { kept, outbox };
}

function listener(choice: string | null = null) {
  return { choose: vi.fn(async () => choice), overwritten: vi.fn(), failed: vi.fn() };
}

test('an edit is shown at once, and followers are sent together', async () => {
  const store = new TaskStore();
  const api = server(store);
  const queue = new EditQueue(store, api.transport, listener(), disk().outbox);
  queue.edit('t1', { title: 'One' });
  queue.edit('t1', { title: 'Two' });
  queue.edit('t1', { priority: 'p0' });
  expect(store.get('t1')).toMatchObject({ title: 'Two', priority: 'p0' });
  expect(store.isPending('t1')).toBe(true);
  await vi.waitFor(() => expect(api.sent).toHaveLength(1));
  queue.edit('t1', { title: 'Three' });
  queue.edit('t1', { status: 'in_progress' });
  await api.answer();
  await api.answer();
  await queue.idle();
  expect(api.sent).toEqual([
    [1, { title: 'Two', priority: 'p0' }],
    [2, { title: 'Three', status: 'in_progress' }],
  ]);
  expect(store.isPending('t1')).toBe(false);
});

test('an edit of another field is sent again without asking', async () => {
  const store = new TaskStore();
  const api = server(store);
  const hears = listener();
  const queue = new EditQueue(store, api.transport, hears, disk().outbox);
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
  const queue = new EditQueue(store, api.transport, hears, disk().outbox);
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
  const queue = new EditQueue(store, api.transport, hears, disk().outbox);
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
  const queue = new EditQueue(store, api.transport, hears, disk().outbox);
  queue.edit('t1', { priority: 'p0' });
  await vi.waitFor(() => expect(api.sent).toHaveLength(1));
  queue.edit('t1', { title: 'Mine' });
  api.somebodyElse({ title: 'Theirs' });
  await api.answer();
  await api.answer();
  await queue.idle();
  expect(hears.choose).toHaveBeenCalledOnce();
  expect(api.task()).toMatchObject({ title: 'Theirs', priority: 'p0' });
});

test('an edit that is refused is no longer shown or kept, and reported', async () => {
  const store = new TaskStore();
  const api = server(store);
  const { kept, outbox } = disk();
  const hears = listener();
  api.refuse('t1');
  const queue = new EditQueue(store, api.transport, hears, outbox);
  queue.edit('t1', { title: 'Mine' });
  await api.answer();
  await queue.idle();
  expect(store.get('t1')?.title).toBe('Water the maple');
  expect(hears.failed).toHaveBeenCalledWith('t1', { title: 'Mine' }, new Error('no t1'));
  await vi.waitFor(() => expect(kept.size).toBe(0));
});

test('an edit is stored before it leaves, and waits for the network without a question', async () => {
  const store = new TaskStore();
  const api = server(store);
  const { kept, outbox } = disk();
  const hears = listener();
  const queue = new EditQueue(store, api.transport, hears, outbox);
  queue.edit('t1', { title: 'Mine' });
  await vi.waitFor(() => expect(api.sent).toHaveLength(1));
  expect(kept.get('t1')).toEqual({ task: 't1', edit: { title: 'Mine' }, from: { title: 'Water the maple' } });
  await api.cut();
  queue.edit('t1', { priority: 'p0' });
  await vi.waitFor(() => expect(kept.get('t1')?.edit).toEqual({ title: 'Mine', priority: 'p0' }));
  expect(store.get('t1')).toMatchObject({ title: 'Mine', priority: 'p0' });
  expect(store.pendingCount()).toBe(1);
  queue.retry();
  await api.answer();
  await queue.idle();
  expect(api.task()).toMatchObject({ title: 'Mine', priority: 'p0', version: 2 });
  await vi.waitFor(() => expect(kept.size).toBe(0));
  expect(hears.failed).not.toHaveBeenCalled();
});

test('what an earlier page left behind is shown and sent, also when its response was lost', async () => {
  const store = new TaskStore();
  const api = server(store, ['t1', 't2']);
  api.somebodyElse({ title: 'Mine' }, 't2');
  const hears = listener();
  const queue = new EditQueue(store, api.transport, hears, disk().outbox);
  const from = { title: 'Water the maple' };
  queue.restore([
    { task: 't1', edit: { title: 'Mine' }, from },
    // The server has it already.
    { task: 't2', edit: { title: 'Mine' }, from },
  ]);
  expect(store.get('t1')?.title).toBe('Mine');
  // Both go together from the old versions, which one of them no longer has.
  await api.answer();
  await api.answer();
  await queue.idle();
  expect(api.task('t1')).toMatchObject({ title: 'Mine', version: 2 });
  expect(api.task('t2').version).toBe(2);
  expect(hears.choose).not.toHaveBeenCalled();
});

test('edits of several tasks are one request, also after others changed one of them', async () => {
  const store = new TaskStore();
  const api = server(store, ['t1', 't2', 't3']);
  const hears = listener();
  const queue = new EditQueue(store, api.transport, hears, disk().outbox);
  api.somebodyElse({ title: 'Theirs' }, 't2');
  queue.editAll(new Map(['t1', 't2', 't3'].map((id) => [id, { priority: 'p0' as const }])));
  await api.answer();
  await api.answer();
  await queue.idle();
  expect(api.bulk).toEqual([
    ['t1', 't2', 't3'],
    ['t1', 't2', 't3'],
  ]);
  expect(api.sent).toEqual([]);
  expect(api.task('t2')).toMatchObject({ title: 'Theirs', priority: 'p0' });
});

test('what is changed of several while a change of them is under way is one request again', async () => {
  const store = new TaskStore();
  const api = server(store, ['t1', 't2', 't3']);
  const queue = new EditQueue(store, api.transport, listener(), disk().outbox);
  const all = (edit: TaskEdit) => queue.editAll(new Map(['t1', 't2', 't3'].map((id) => [id, edit])));
  all({ priority: 'p0' });
  await vi.waitFor(() => expect(api.bulk).toHaveLength(1), BUSY);
  all({ status: 'completed' });
  await api.answer();
  await api.answer();
  await queue.idle();
  expect(api.bulk).toEqual([
    ['t1', 't2', 't3'],
    ['t1', 't2', 't3'],
  ]);
  expect(api.sent).toEqual([]);
  expect(api.task('t2')).toMatchObject({ priority: 'p0', status: 'completed', version: 3 });
});

test('when one of several is refused, the others are saved and it is named', async () => {
  const store = new TaskStore();
  const api = server(store, ['t1', 't2', 't3']);
  const hears = listener();
  const queue = new EditQueue(store, api.transport, hears, disk().outbox);
  api.refuse('t2');
  queue.editAll(new Map(['t1', 't2', 't3'].map((id) => [id, { priority: 'p0' as const }])));
  for (let request = 0; request < 4; request += 1) await api.answer();
  await queue.idle();
  expect(['t1', 't2', 't3'].map((id) => api.task(id).priority)).toEqual(['p0', 'p2', 'p0']);
  expect(hears.failed).toHaveBeenCalledOnce();
  expect(hears.failed).toHaveBeenCalledWith('t2', { priority: 'p0' }, expect.anything());
});

test('nothing is sent after the session has ended', async () => {
  const store = new TaskStore();
  const api = server(store);
  const hears = listener();
  const queue = new EditQueue(store, api.transport, hears, disk().outbox);
  queue.edit('t1', { title: 'Mine' });
  await api.cut();
  queue.clear();
  queue.retry();
  await queue.idle();
  expect(api.sent).toHaveLength(1);
  expect(hears.failed).not.toHaveBeenCalled();
});

test('a description whose version came without it is read before it is compared', async () => {
  const store = new TaskStore();
  const api = server(store);
  const hears = listener();
  const queue = new EditQueue(store, api.transport, hears, disk().outbox);
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

test('edits of a task that the server does not have wait for it, and are sent under its id', async () => {
  const store = new TaskStore();
  const api = server(store);
  const { kept, outbox } = disk();
  const queue = new EditQueue(store, api.transport, listener(), outbox);
  store.propose(sample({ id: 'local', key: '', version: 0 }));
  queue.edit('local', { priority: 'p0' });
  queue.edit('local', { title: 'Typed on the train' });
  await vi.waitFor(() => expect([...kept.keys()]).toEqual(['local']));
  queue.retry();
  expect(store.get('local')?.title).toBe('Typed on the train');
  expect([store.pendingCount(), api.sent]).toEqual([1, []]);

  store.accept('local', api.task());
  await queue.follow('local', 't1');
  expect(store.get('t1')?.title).toBe('Typed on the train');
  expect([...kept.keys()]).toEqual(['t1']);
  await api.answer();
  await queue.idle();
  expect(api.sent).toEqual([[1, { priority: 'p0', title: 'Typed on the train' }]]);
  expect([api.task().priority, kept.size, store.pendingCount()]).toEqual(['p0', 0, 0]);
});

test('edits of a task that will not be created are given up, and returned', async () => {
  const store = new TaskStore();
  const { kept, outbox } = disk();
  const queue = new EditQueue(store, server(store).transport, listener(), outbox);
  store.propose(sample({ id: 'local', key: '', version: 0 }));
  queue.edit('local', { title: 'Kept' });
  await vi.waitFor(() => expect(kept.size).toBe(1));
  expect(queue.giveUp('local')).toEqual({ title: 'Kept' });
  await queue.idle();
  expect(kept.size).toBe(0);
});
