import { expect, test, vi } from 'vitest';
import { type Creation, type CreationOutbox, CreationQueue } from '@/tasks/creation-queue';
import type { Task } from '@/tasks/task';
import { TaskStore } from '@/tasks/task-store';
import { sample } from './samples';

class Unreachable extends Error {}
class Refused extends Error {}

/** A server that creates a task once for each key, and whose network can fail before or after it did. */
function server() {
  const created = new Map<string, Task>();
  const requests: string[] = [];
  let mode: 'up' | 'down' | 'response lost' | 'refusing' = 'up';
  return {
    created,
    requests,
    set(next: typeof mode) {
      mode = next;
    },
    transport: {
      async create(body: Creation['body'], key: string) {
        requests.push(key);
        if (mode === 'down') throw new Unreachable();
        if (mode === 'refusing') throw new Refused();
        const id = `server-${created.size + 1}`;
        const task = created.get(key) ?? sample({ id, key: `MIY-${created.size + 1}`, title: body.title });
        created.set(key, task);
        if (mode === 'response lost') throw new Unreachable();
        return task;
      },
      isTemporary: (error: unknown) => error instanceof Unreachable,
    },
  };
}

function disk() {
  const kept = new Map<string, Creation>();
  const outbox: CreationOutbox = {
    async putCreation(creation) {
      kept.set(creation.id, structuredClone(creation));
    },
    async removeCreation(id) {
      kept.delete(id);
    },
  };
  return { kept, outbox };
}

function creation(id: string): Creation {
  const task = sample({ id, key: '', number: 0, version: 0, title: id });
  return { id, body: { title: id }, task, typed: { line: id, description: '' } };
}

/** A page that keeps what it does not send on a disk that outlives it. */
function page(api: ReturnType<typeof server>, { outbox, kept }: ReturnType<typeof disk>) {
  const store = new TaskStore();
  const heard = { unwanted: vi.fn(), refused: vi.fn() };
  const listener = { ...heard, created: async (made: Creation, task: Task) => store.accept(made.id, task) };
  const queue = new CreationQueue(store, api.transport, listener, outbox);
  queue.restore(structuredClone([...kept.values()]));
  return { store, queue, heard };
}

test('a task is shown before the server has it, and is the same one when it has', async () => {
  const api = server();
  const { store, queue } = page(api, disk());
  api.set('down');
  queue.add(creation('one'));
  expect(store.get('one')?.title).toBe('one');
  expect([store.isPending('one'), store.pendingCount()]).toEqual([true, 1]);
  await vi.waitFor(() => expect(api.requests).toEqual(['one']));
  api.set('up');
  queue.retry();
  await queue.idle();
  expect(store.get('one')).toBeUndefined();
  expect(store.currentId('one')).toBe('server-1');
  expect(store.firstId('server-1')).toBe('one');
  expect(store.all().map(({ id }) => id)).toEqual(['server-1']);
  expect(store.pendingCount()).toBe(0);
});

test('a task of an earlier page is shown when it cannot be sent', async () => {
  const api = server();
  const kept = disk();
  api.set('down');
  page(api, kept).queue.add(creation('one'));
  await vi.waitFor(() => expect(api.requests).toEqual(['one']));
  const { store } = page(api, kept);
  await vi.waitFor(() => expect(store.get('one')?.title).toBe('one'));
});

test('a task whose response was lost is created once, by the page after it', async () => {
  const api = server();
  const kept = disk();
  api.set('response lost');
  const first = page(api, kept);
  first.queue.add(creation('one'));
  await vi.waitFor(() => expect(api.created.size).toBe(1));
  first.queue.clear();
  expect([...kept.kept.keys()]).toEqual(['one']);
  api.set('up');
  const second = page(api, kept);
  // The list may have it already: it is not shown beside itself.
  expect(second.store.all()).toEqual([]);
  await second.queue.idle();
  expect(api.created.size).toBe(1);
  expect(kept.kept.size).toBe(0);
});

test('tasks are created in the order in which they were made', async () => {
  const api = server();
  const { queue } = page(api, disk());
  api.set('down');
  for (const id of ['one', 'two', 'three']) queue.add(creation(id));
  await vi.waitFor(() => expect(api.requests.length).toBeGreaterThan(0));
  api.set('up');
  queue.retry();
  await queue.idle();
  expect([...api.created.keys()]).toEqual(['one', 'two', 'three']);
});

test('a refused task is no longer shown, is reported, and stays stored until somebody has it', async () => {
  const api = server();
  const kept = disk();
  api.set('refusing');
  const { store, queue, heard } = page(api, kept);
  queue.add(creation('one'));
  queue.add(creation('two'));
  await queue.idle();
  expect(store.all()).toEqual([]);
  expect(heard.refused.mock.calls.map(([refused]) => refused.typed.line)).toEqual(['one', 'two']);
  expect(kept.kept.size).toBe(2);
  queue.forget('one');
  expect([...kept.kept.keys()]).toEqual(['two']);
});

test('a task that is deleted before its request leaves is never sent', async () => {
  const api = server();
  const kept = disk();
  const { store, queue } = page(api, kept);
  queue.add(creation('one'));
  queue.withdraw('one');
  await queue.idle();
  expect(store.all()).toEqual([]);
  expect(kept.kept.size).toBe(0);
  queue.add(creation('two'));
  await queue.idle();
  expect(api.requests).toEqual(['two']);
});

test('a task that is deleted after its request left is deleted at the server', async () => {
  const api = server();
  const kept = disk();
  api.set('response lost');
  const { store, queue, heard } = page(api, kept);
  queue.add(creation('one'));
  await vi.waitFor(() => expect(api.created.size).toBe(1));
  queue.withdraw('one');
  expect(store.all()).toEqual([]);
  expect(kept.kept.get('one')?.isWithdrawn).toBe(true);
  api.set('up');
  queue.retry();
  await queue.idle();
  expect(heard.unwanted).toHaveBeenCalledWith(expect.objectContaining({ id: 'server-1' }));
  expect(store.all()).toEqual([]);
  expect(kept.kept.size).toBe(0);
});

test('a task that the server has is not proposed again when the next one is made before it is forgotten', async () => {
  const api = server();
  const { kept, outbox } = disk();
  let forgotten = () => {};
  // The disk is slow to forget the first one.
  const slow: CreationOutbox = {
    ...outbox,
    removeCreation: (id) =>
      id === 'one'
        ? new Promise<void>((resolve) => {
            forgotten = () => resolve(outbox.removeCreation(id));
          })
        : outbox.removeCreation(id),
  };
  const { store, queue } = page(api, { kept, outbox: slow });
  queue.add(creation('one'));
  await vi.waitFor(() => expect(store.get('server-1')?.title).toBe('one'));
  queue.add(creation('two'));
  expect(store.all().map(({ title }) => title)).toEqual(['one', 'two']);
  forgotten();
  await queue.idle();
  expect([store.all().length, store.pendingCount(), kept.size]).toEqual([2, 0, 0]);
});
