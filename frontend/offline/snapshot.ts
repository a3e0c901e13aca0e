import { del, get, set } from 'idb-keyval';
import { type Cache, SWRConfig } from 'swr';
import type { Me } from '@/session/session';
import type { Task } from '@/tasks/task';
import { tasks } from '@/tasks/task-store';

/**
 * What this browser last read, so that it can be read again without a network: who was signed in, the tasks
 * and the other resources. One value of one person in one organization; it is deleted with the session.
 */
type Snapshot = { me: Me; tasks: Task[]; resources: [string, unknown][] };

const KEY = 'snapshot';
/** How long changes are collected before they are written, in milliseconds. */
const PAUSE = 1_000;

/** What SWR keeps of a resource: its value, for a list how many pages are read, and the key for filters. */
type State = { data?: unknown; _l?: number; _k?: string };

// The global cache of SWR, the one that its `mutate` acts on.
const resources: Cache<unknown> = SWRConfig.defaultValue.cache;
let owner: Me | null = null;
/** Whose snapshot is in the memory of this page, until the server says who is signed in. */
let restored: Me | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

function isSame(one: Me, other: Me): boolean {
  return one.user.id === other.user.id && one.organization.id === other.organization.id;
}

/**
 * Begins to keep what is read for this person. What was kept for another one is deleted, and a page that
 * showed it without a network is loaded again.
 */
export async function keepFor(me: Me): Promise<void> {
  const isKnown = owner !== null && isSame(owner, me);
  const isMistaken = restored !== null && !isSame(restored, me);
  owner = me;
  restored = null;
  if (isKnown) return;
  const kept = await read();
  if (kept && !isSame(kept.me, me)) await remove();
  if (isMistaken) location.reload();
  else later();
}

/** Deletes what is kept: the session has ended. */
export async function dropSnapshot(): Promise<void> {
  owner = null;
  restored = null;
  clearTimeout(timer);
  await remove();
}

/**
 * Puts what was kept back into the memory of this page, unless the page has read something newer. Returns
 * whose it is; null when nothing is kept.
 */
export async function restore(): Promise<Me | null> {
  if (owner ?? restored) return owner ?? restored;
  const kept = await read();
  if (!kept) return null;
  tasks.receive(...kept.tasks);
  for (const [key, state] of kept.resources) resources.set(key, { ...(state as State), _k: key } as State);
  restored = kept.me;
  return kept.me;
}

function later(): void {
  clearTimeout(timer);
  timer = setTimeout(() => void write(), PAUSE);
}

tasks.subscribe(() => {
  if (owner) later();
});

async function write(): Promise<void> {
  if (!owner) return;
  const kept: [string, State][] = [];
  for (const key of resources.keys()) {
    const { data, _l } = (resources.get(key) ?? {}) as State;
    if (data === undefined || !/^(?:\$inf\$)?\/api\//.test(key) || key.startsWith('/api/auth/')) continue;
    kept.push([key, _l === undefined ? { data } : { data, _l }]);
  }
  const confirmed = tasks.all().flatMap(({ id }) => tasks.confirmedTask(id) ?? []);
  const snapshot: Snapshot = { me: owner, tasks: confirmed, resources: kept };
  await ifKept(() => set(KEY, snapshot));
}

function read(): Promise<Snapshot | undefined> {
  return ifKept(() => get<Snapshot>(KEY));
}

async function remove(): Promise<void> {
  await ifKept(() => del(KEY));
}

/** Some browsers keep nothing, for example in a private window: then nothing is read without a network. */
async function ifKept<T>(access: () => Promise<T>): Promise<T | undefined> {
  try {
    return await access();
  } catch {
    return undefined;
  }
}
