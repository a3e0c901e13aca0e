import { beforeEach, expect, test, vi } from 'vitest';
import type { Me } from '@/session/session';
import type { Creation } from '@/tasks/creation-queue';

const disk = new Map<string, unknown>();
vi.mock('idb-keyval', () => ({
  keys: async () => [...disk.keys()],
  getMany: async (keys: string[]) => keys.map((key) => structuredClone(disk.get(key))),
  setMany: async (entries: [string, unknown][]) => {
    for (const [key, value] of entries) disk.set(key, structuredClone(value));
  },
  delMany: async (keys: string[]) => {
    for (const key of keys) disk.delete(key);
  },
}));

const me = (user: string) => ({ user: { id: user }, organization: { id: 'org' } }) as Me;
const edit = (task: string) => ({ task, edit: { title: 'Mine' }, from: { title: 'Before' } });
const held = new Map<string, Promise<void>>();
const releases: (() => void)[] = [];

/** A page that has just been loaded, with the locks of a browser. */
async function freshPage() {
  vi.resetModules();
  return import('@/offline/outbox');
}

beforeEach(() => {
  disk.clear();
  held.clear();
  releases.length = 0;
  vi.stubGlobal('navigator', {
    locks: {
      async request(name: string, work: () => Promise<void>) {
        await held.get(name);
        const done = Promise.race([work(), new Promise<void>((resolve) => releases.push(resolve))]);
        held.set(name, done);
        await done;
      },
    },
  });
});

test('the edits of a page that is gone are taken over once, those of a page that lives are not', async () => {
  const first = await freshPage();
  await first.openOutbox(me('aki'));
  await first.outbox.put([edit('t1')]);
  const second = await freshPage();
  await second.openOutbox(me('aki'));
  const found = vi.fn();
  await second.takeOver(found);
  await second.takeOver(found);
  expect(found).not.toHaveBeenCalled();

  // The first page is closed: its lock is free.
  releases[0]?.();
  await vi.waitFor(() => expect(found).toHaveBeenCalledWith([edit('t1')], []));
  await second.takeOver(found);
  expect(found).toHaveBeenCalledOnce();
  expect(disk.size).toBe(1);
  await second.outbox.remove(['t1']);
  expect(disk.size).toBe(0);
});

test('new tasks are taken over in the order in which they were made, beside edits of them', async () => {
  const task = (id: string, at: string) =>
    ({
      id,
      body: { title: id },
      typed: { line: id, description: '' },
      task: { id, created_at: at },
    }) as Creation;
  const first = await freshPage();
  await first.openOutbox(me('aki'));
  await first.outbox.putCreation(task('b', '2026-11-02'));
  await first.outbox.put([edit('b')]);
  await first.outbox.putCreation(task('a', '2026-11-03'));
  releases[0]?.();
  held.clear();
  const second = await freshPage();
  await second.openOutbox(me('aki'));
  const found = vi.fn();
  await second.takeOver(found);
  await vi.waitFor(() => expect(found).toHaveBeenCalledOnce());
  const [edits, created] = found.mock.calls[0] ?? [];
  expect(edits).toEqual([edit('b')]);
  expect(created.map(({ id }: Creation) => id)).toEqual(['b', 'a']);
  expect(disk.size).toBe(3);
  await second.outbox.removeCreation('b');
  expect([...disk.keys()].map((key) => key.split(' ').at(-1))).toEqual(['b', '+a']);
});

test('an edit is nobody else’s, and one that was made before the person is known is not lost', async () => {
  const first = await freshPage();
  await first.outbox.put([edit('t1')]);
  expect(disk.size).toBe(0);
  await first.openOutbox(me('aki'));
  expect(disk.size).toBe(1);
  held.clear();
  const second = await freshPage();
  await second.openOutbox(me('ren'));
  const found = vi.fn();
  await second.takeOver(found);
  expect(found).not.toHaveBeenCalled();
  expect(disk.size).toBe(1);
});
