import { expect, test, vi } from 'vitest';
import { LiveSync } from '@/live/live-sync';
import type { LiveEvent } from '@/live/protocol';
import type { Task } from '@/tasks/task';
import { TaskStore } from '@/tasks/task-store';
import { sample } from './samples';

/** A server with tasks and an outbox that keeps its last events. */
function server() {
  const tasks = new Map<string, Task>();
  let outbox: LiveEvent[] = [];
  let seq = 0;
  // A task that is restored continues with its version.
  const versions = new Map<string, number>();
  function next(id: string): number {
    const version = (versions.get(id) ?? 0) + 1;
    versions.set(id, version);
    return version;
  }
  const transport = {
    changes: vi.fn(async (after: number) => {
      const oldest = outbox[0]?.seq ?? seq + 1;
      const resync = after > seq || after + 1 < oldest;
      const found = resync ? [] : outbox.filter((event) => event.seq > after).slice(0, 3);
      const items = found.map(({ seq, event, ids, versions }) => ({ seq, type: event, ids, versions }));
      return { items, last_seq: seq, resync };
    }),
    snapshot: vi.fn(async () => {
      const all = [...tasks.values()].map(({ labels, assignee, created_by, ...task }) => ({
        ...task,
        label_ids: labels.map(({ id }) => id),
        created_by: created_by.id,
      }));
      return { seq, task_key: 'MIY', tasks: all, truncated: false };
    }),
    tasks: vi.fn(async (ids: string[]) =>
      ids.flatMap((id) => {
        const task = tasks.get(id);
        if (!task) return [];
        const { description: _, ...summary } = task;
        return [summary];
      }),
    ),
  };
  function emit(event: string, id: string, version: number | null): LiveEvent {
    seq += 1;
    const item = { seq, event, ids: [id], versions: [version] };
    outbox.push(item);
    return item;
  }
  return {
    transport,
    tasks,
    seq: () => seq,
    write(id: string, fields: Partial<Task> = {}): LiveEvent {
      const known = tasks.get(id);
      const version = next(id);
      tasks.set(id, { ...(known ?? sample({ id })), ...fields, version });
      return emit('task.changed', id, version);
    },
    remove(id: string): LiveEvent {
      tasks.delete(id);
      return emit('task.changed', id, next(id));
    },
    emit,
    forget(keep: number) {
      outbox = outbox.slice(outbox.length - keep);
    },
  };
}

function page(api: ReturnType<typeof server>) {
  const store = new TaskStore();
  const hears = { reload: vi.fn(), arrived: vi.fn(), other: vi.fn(), derived: vi.fn() };
  const sync = new LiveSync(store, api.transport, hears);
  store.receive(...api.tasks.values());
  return { store, hears, sync };
}

/** What a page shows of a server: titles by id, without those that are gone. */
function shown(store: TaskStore): Record<string, string> {
  return Object.fromEntries(store.all().map(({ id, title, version }) => [id, `${title} ${version}`]));
}

function state(api: ReturnType<typeof server>): Record<string, string> {
  return Object.fromEntries(
    [...api.tasks.values()].map(({ id, title, version }) => [id, `${title} ${version}`]),
  );
}

test('the first hello has the lists read again, and nothing else', async () => {
  const api = server();
  api.write('a');
  const { sync, hears } = page(api);
  await sync.hello(1);
  expect(sync.lastSeq()).toBe(1);
  expect(hears.reload).toHaveBeenCalledOnce();
  expect(api.transport.changes).not.toHaveBeenCalled();
});

test('a change of somebody else is fetched by its id, and only once for several events', async () => {
  const api = server();
  api.write('a');
  const { sync, store, hears } = page(api);
  await sync.hello(1);
  const events = [api.write('a', { title: 'One' }), api.write('a', { title: 'Two' }), api.write('b')];
  await sync.events(events);
  await sync.fetch();
  expect(api.transport.tasks.mock.calls).toEqual([[['a', 'b']]]);
  expect(shown(store)).toEqual(state(api));
  expect(hears.arrived).toHaveBeenCalledWith(['b']);
  expect(hears.derived).toHaveBeenCalled();
});

test('a version that this page has is not fetched: the author already knows', async () => {
  const api = server();
  api.write('a');
  const { sync, store } = page(api);
  await sync.hello(1);
  const event = api.write('a', { title: 'Mine' });
  store.receive(...api.tasks.values());
  await sync.events([event]);
  expect(sync.hasWanted()).toBe(false);
});

test('the event of an own change may come before its response: it is not fetched either', async () => {
  const api = server();
  api.write('a');
  const { sync, store } = page(api);
  await sync.hello(1);
  await sync.events([api.write('a', { title: 'Mine' })]);
  store.receive(...api.tasks.values());
  await sync.fetch();
  expect(api.transport.tasks).not.toHaveBeenCalled();
  expect(sync.hasWanted()).toBe(false);
});

test('a task that somebody deleted goes, and one that was restored comes back', async () => {
  const api = server();
  api.write('a');
  const { sync, store } = page(api);
  await sync.hello(1);
  const before = api.tasks.get('a') as Task;
  await sync.events([api.remove('a')]);
  await sync.fetch();
  expect(store.get('a')).toBeUndefined();
  api.tasks.set('a', { ...before, version: 3 });
  await sync.events([api.emit('task.changed', 'a', 3)]);
  await sync.fetch();
  expect(store.get('a')?.version).toBe(3);
});

test('a gap is filled exactly, page by page, and what came twice counts once', async () => {
  const api = server();
  const { sync, store, hears } = page(api);
  await sync.hello(0);
  const first = api.write('a');
  for (let index = 0; index < 7; index += 1) api.write(`lost-${index}`);
  api.emit('comment.changed', 'a', null);
  const last = api.write('a', { title: 'Last' });
  await sync.events([first]);
  await sync.events([last]);
  await sync.events([first, last]);
  expect(sync.lastSeq()).toBe(api.seq());
  await sync.fetch();
  expect(shown(store)).toEqual(state(api));
  expect(hears.other).toHaveBeenCalledOnce();
});

test('a page that knows where the last visit ended catches up without a connection', async () => {
  const api = server();
  api.write('a');
  const store = new TaskStore();
  store.receive(...api.tasks.values());
  const hears = { reload: vi.fn(), arrived: vi.fn(), other: vi.fn(), derived: vi.fn() };
  const sync = new LiveSync(store, api.transport, hears, api.seq());
  for (let index = 0; index < 250; index += 1) api.write(`new-${index}`);
  api.write('a', { title: 'Changed' });
  await sync.resume();
  expect(shown(store)).toEqual(state(api));
  expect(api.transport.tasks).toHaveBeenCalledTimes(3);
  // The connection that follows finds nothing missing.
  api.transport.changes.mockClear();
  await sync.hello(api.seq());
  expect(api.transport.changes).not.toHaveBeenCalled();
  expect(hears.reload).not.toHaveBeenCalled();
});

test('a page that knows of no last visit waits for the connection', async () => {
  const api = server();
  api.write('a');
  const { sync } = page(api);
  await sync.resume();
  expect(api.transport.changes).not.toHaveBeenCalled();
  expect(sync.lastSeq()).toBeNull();
});

test('a gap that is older than what is kept is compared with the snapshot', async () => {
  const api = server();
  for (const id of ['a', 'b', 'c']) api.write(id);
  const { sync, store, hears } = page(api);
  await sync.hello(3);
  hears.reload.mockClear();
  api.write('a', { title: 'Changed' });
  api.remove('b');
  api.write('d');
  api.forget(0);
  await sync.hello(api.seq());
  await sync.fetch();
  expect(api.transport.snapshot).toHaveBeenCalledOnce();
  // A list that is read again brings what is new.
  expect(hears.reload).toHaveBeenCalledOnce();
  store.receive(...api.tasks.values());
  expect(shown(store)).toEqual(state(api));
  expect(sync.lastSeq()).toBe(api.seq());
});

test('a gap that could not be filled stays a gap', async () => {
  const api = server();
  const { sync, store } = page(api);
  await sync.hello(0);
  api.write('a');
  const event = api.write('b');
  api.transport.changes.mockRejectedValueOnce(new Error('offline'));
  await expect(sync.events([event])).rejects.toThrow('offline');
  expect(sync.lastSeq()).toBe(0);
  await sync.events([event]);
  await sync.fetch();
  expect(shown(store)).toEqual(state(api));
});

test('a fetch that failed is repeated with everything that came since', async () => {
  const api = server();
  const { sync, store } = page(api);
  await sync.hello(0);
  await sync.events([api.write('a')]);
  api.transport.tasks.mockRejectedValueOnce(new Error('offline'));
  await expect(sync.fetch()).rejects.toThrow('offline');
  await sync.events([api.write('b')]);
  await sync.fetch();
  expect(shown(store)).toEqual(state(api));
});

test('whatever is lost, repeated and forgotten on the way, a page ends with the state of the server', async () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    let value = seed;
    const below = (limit: number) => {
      value = (value * 48271) % 2147483647;
      return value % limit;
    };
    const api = server();
    const { sync, store } = page(api);
    await sync.hello(0);
    for (let step = 0; step < 40; step += 1) {
      const id = `t${below(6)}`;
      const event = below(5) === 0 ? api.remove(id) : api.write(id, { title: `${seed}-${step}` });
      if (below(3) > 0) await sync.events(below(4) === 0 ? [event, event] : [event]);
      if (below(6) === 0) await sync.fetch();
      if (below(12) === 0) api.forget(below(4));
    }
    await sync.hello(api.seq());
    await sync.fetch();
    // New tasks after a resync come with the list that is read again.
    store.receive(...[...api.tasks.values()].filter(({ id }) => !store.confirmedTask(id)));
    expect(shown(store), `seed ${seed}`).toEqual(state(api));
  }
});

test('a row that is being edited keeps the edit on top of what others changed', async () => {
  const api = server();
  api.write('a', { title: 'Old', priority: 'p2' });
  const { sync, store } = page(api);
  await sync.hello(1);
  store.overlay('a', { title: 'Mine' });
  await sync.events([api.write('a', { priority: 'p0' })]);
  await sync.fetch();
  expect(store.get('a')).toMatchObject({ title: 'Mine', priority: 'p0', description: 'Every morning' });
  // The description of that version is not known: nobody may compare with the old one.
  expect(store.confirmedTask('a')?.description).toBeUndefined();
});

test('what a task counts is read again after a comment, and after its sub-task is done here or elsewhere', async () => {
  const api = server();
  const store = new TaskStore();
  api.write('parent');
  api.write('child', { parent_id: 'parent' });
  store.receive(...api.tasks.values());
  const sync = new LiveSync(
    store,
    api.transport,
    { reload: vi.fn(), arrived: vi.fn(), other: vi.fn(), derived: vi.fn() },
    api.seq(),
  );
  const count = (fields: Partial<Task>) =>
    api.tasks.set('parent', { ...sample({ id: 'parent' }), ...fields });
  count({ comments: 1 });
  await sync.events([api.emit('comment.changed', 'parent', null)]);
  await sync.fetch();
  expect(store.get('parent')?.comments).toBe(1);
  // Of another task nobody asks.
  await sync.events([api.emit('comment.changed', 'unknown', null)]);
  expect(sync.hasWanted()).toBe(false);

  count({ sub_tasks: { done: 1, total: 1 } });
  await sync.events([api.write('child', { status: 'completed' })]);
  await sync.fetch();
  expect(store.get('parent')?.sub_tasks).toEqual({ done: 1, total: 1 });

  // The author of a change has the task already, and not the counts.
  const mine = api.write('child', { status: 'pending' });
  const child = api.tasks.get('child');
  if (child) store.receive(child);
  count({ sub_tasks: { done: 0, total: 1 } });
  await sync.events([mine]);
  await sync.fetch();
  expect(store.get('parent')?.sub_tasks).toEqual({ done: 0, total: 1 });
  expect(sync.hasWanted()).toBe(false);
});
