import { SWRConfig } from 'swr';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Me } from '@/session/session';
import { sample } from './samples';

const disk = new Map<string, unknown>();
const cookie = vi.spyOn(document, 'cookie', 'get');
vi.mock('idb-keyval', () => ({
  clear: async () => disk.clear(),
  get: async (key: string) => structuredClone(disk.get(key)),
  set: async (key: string, value: unknown) => void disk.set(key, structuredClone(value)),
  del: async (key: string) => void disk.delete(key),
}));

const me = (user: string): Me => ({
  user: { id: user, login: user, emails: [], created_at: '2026-11-01T00:00:00Z' } as unknown as Me['user'],
  organization: { id: 'org', name: 'Garden', role: 'member' },
  organizations: [],
  permissions: ['tasks.read'],
  session_id: 'session',
});
const cache = SWRConfig.defaultValue.cache;

/** A page that has just been loaded: nothing is in its memory. */
async function freshPage() {
  vi.resetModules();
  for (const key of [...cache.keys()]) cache.delete(key);
  const { tasks } = await import('@/tasks/task-store');
  return { tasks, ...(await import('@/offline/snapshot')) };
}

/** Changes are collected for a second, and written when the page is idle. */
const isWritten = () => vi.advanceTimersByTimeAsync(1_500);

beforeEach(() => {
  vi.useFakeTimers();
  disk.clear();
  cookie.mockReturnValue('__Host-csrf=first');
});
afterEach(() => vi.useRealTimers());

test('what a page read is there after a reload, without what belongs to the session', async () => {
  const first = await freshPage();
  await first.keepFor(me('aki'));
  first.tasks.receive(sample({ id: 'a', title: 'Rake' }));
  cache.set('/api/tasks?limit=100', { data: { ids: ['a'], next: null } });
  cache.set('/api/auth/sessions', { data: ['secret'] });
  cache.set('/api/labels', { error: new Error('no'), data: undefined });
  await isWritten();

  const second = await freshPage();
  expect((await second.restore())?.user.id).toBe('aki');
  expect(second.tasks.get('a')?.title).toBe('Rake');
  expect([...cache.keys()]).toEqual(['/api/tasks?limit=100']);
});

test('an edit that is not confirmed is not kept as if it were', async () => {
  const first = await freshPage();
  await first.keepFor(me('aki'));
  first.tasks.receive(sample({ id: 'a', title: 'Rake' }));
  first.tasks.overlay('a', { title: 'Sweep' });
  await isWritten();
  const second = await freshPage();
  await second.restore();
  expect(second.tasks.get('a')?.title).toBe('Rake');
});

test('nothing is left of a session that ended, also not of a write that was due', async () => {
  const page = await freshPage();
  await page.keepFor(me('aki'));
  await isWritten();
  expect(disk.size).toBe(1);
  page.tasks.receive(sample({ id: 'a' }));
  disk.set('edit aki org page a', {});
  await page.dropEverything();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(disk.size).toBe(0);
});

test('somebody else in the same browser finds nothing of the one before', async () => {
  const first = await freshPage();
  await first.keepFor(me('aki'));
  first.tasks.receive(sample({ id: 'a' }));
  await isWritten();
  const second = await freshPage();
  await second.keepFor(me('ren'));
  expect(disk.size).toBe(0);
  await isWritten();
  const third = await freshPage();
  expect((await third.restore())?.user.id).toBe('ren');
  expect(third.tasks.get('a')).toBeUndefined();
});

test('what one session read is shown in no other one, not even before the server answers', async () => {
  const first = await freshPage();
  await first.keepFor(me('aki'));
  first.tasks.receive(sample({ id: 'a' }));
  await isWritten();
  cookie.mockReturnValue('__Host-csrf=second');
  const second = await freshPage();
  expect(await second.restore()).toBeNull();
  expect(second.tasks.get('a')).toBeUndefined();
  expect(disk.size).toBe(0);
});

test('who is answered after the sign-out is not kept', async () => {
  const page = await freshPage();
  await page.keepFor(me('anna'));
  cookie.mockReturnValue('');
  await page.dropEverything();
  // The server answered who is signed in when nobody was any more.
  await page.keepFor(me('anna'));
  page.tasks.receive(sample());
  await vi.advanceTimersByTimeAsync(20_000);
  expect(disk.size).toBe(0);
});

test('a change of one task is written alone, and is there after a reload as is what was removed', async () => {
  const first = await freshPage();
  await first.keepFor(me('aki'));
  first.tasks.receive(...['a', 'b', 'c'].map((id) => sample({ id, title: `Old ${id}` })));
  await isWritten();
  const snapshot = structuredClone(disk.get('snapshot'));
  first.tasks.receive(sample({ id: 'b', title: 'New b', version: 2 }));
  first.tasks.remove('c');
  await isWritten();
  expect(disk.get('snapshot')).toEqual(snapshot);
  expect(disk.get('journal')).toMatchObject({ tasks: [{ id: 'b' }], removed: ['c'] });

  const second = await freshPage();
  await second.restore();
  expect(second.tasks.all().map(({ title }) => title)).toEqual(['Old a', 'New b']);
  // What the second page changes is written beside what the first one did.
  await second.keepFor(me('aki'));
  second.tasks.receive(sample({ id: 'a', title: 'New a', version: 2 }));
  await isWritten();
  expect(disk.get('snapshot')).toEqual(snapshot);
  const third = await freshPage();
  await third.restore();
  expect(third.tasks.all().map(({ title }) => title)).toEqual(['New a', 'New b']);
});

test('many changes are a snapshot again, and a journal of another snapshot is ignored', async () => {
  const first = await freshPage();
  await first.keepFor(me('aki'));
  first.tasks.receive(sample({ id: 'a', title: 'Old' }));
  await isWritten();
  first.tasks.receive(sample({ id: 'a', title: 'New', version: 2 }));
  await isWritten();
  const journal = structuredClone(disk.get('journal'));
  first.tasks.receive(...Array.from({ length: 501 }, (_, index) => sample({ id: `n${index}` })));
  first.tasks.receive(sample({ id: 'a', title: 'Newest', version: 3 }));
  await isWritten();
  expect(disk.get('journal')).toBeUndefined();
  disk.set('journal', journal);
  const second = await freshPage();
  await second.restore();
  expect(second.tasks.get('a')?.title).toBe('Newest');
  expect(second.tasks.all()).toHaveLength(502);
});
