import { clear, del, get, set } from 'idb-keyval';
import { type Cache, SWRConfig } from 'swr';
import { setSettledSeq, settledSeq } from '@/live/settled-seq';
import { csrfToken } from '@/session/access-token';
import type { Me } from '@/session/session';
import { arrive } from '@/tasks/arrivals';
import type { Task } from '@/tasks/task';
import { tasks } from '@/tasks/task-store';
import { closeOutbox } from './outbox';

/**
 * What this browser last read, so that it is shown before the server answers, and without a network: who was
 * signed in, the tasks and the other resources. One value of one person in one organization; it is deleted
 * with the session, and shown in no other one.
 */
type Snapshot = {
  session: string;
  me: Me;
  tasks: Task[];
  resources: [string, unknown][];
  /** The last event that is complete in it; null: it is not known, and only what lists name is shown. */
  seq: number | null;
  /** Whether it has every open task. */
  isWhole: boolean;
};

const KEY = 'snapshot';
/** How long changes are collected before they are written, in milliseconds. */
const PAUSE = 1_000;
/** The longest that a busy page puts a write off after that, in milliseconds. */
const LONGEST = 4_000;

/** What SWR keeps of a resource: its value, for a list how many pages are read, and the key for filters. */
type State = { data?: unknown; _l?: number; _k?: string };

// The global cache of SWR, the one that its `mutate` acts on.
const resources: Cache<unknown> = SWRConfig.defaultValue.cache;
let owner: Me | null = null;
/** Of the session that the owner is signed in with. */
let mark: string | null = null;
/** Whose snapshot is in the memory of this page, until the server has confirmed who is signed in. */
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
  // The session may have ended while the server answered who is signed in.
  if (!csrfToken()) return;
  const isKnown = owner !== null && isSame(owner, me);
  const isMistaken = restored !== null && !isSame(restored, me);
  owner = me;
  restored = null;
  mark = await sessionMark();
  if (isKnown) return;
  const kept = await read();
  if (kept && !isSame(kept.me, me)) await remove();
  if (isMistaken) location.reload();
  else later();
}

/** Deletes what is kept: the session has ended, or the rights to the organization have. */
export async function dropSnapshot(): Promise<void> {
  owner = null;
  restored = null;
  clearTimeout(timer);
  await remove();
}

/** Deletes everything that this browser keeps of a person, edits that are not saved among it. */
export async function dropEverything(): Promise<void> {
  closeOutbox();
  await dropSnapshot();
  await ifKept(() => clear());
}

/** A mark of the session: a hash of the CSRF token, of which each session has its own. */
async function sessionMark(): Promise<string> {
  const token = new TextEncoder().encode(csrfToken() ?? '');
  const digest = await crypto.subtle.digest('SHA-256', token);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Puts what was kept back into the memory of this page, unless the page has read something newer. Returns
 * whose it is; null when nothing is kept.
 */
export async function restore(): Promise<Me | null> {
  if (owner ?? restored) return owner ?? restored;
  const kept = await read();
  if (!kept) return null;
  // Somebody signed in again, perhaps somebody else.
  if (kept.session !== (await sessionMark())) {
    await remove();
    return null;
  }
  tasks.receive(...kept.tasks);
  for (const [key, state] of kept.resources) resources.set(key, { ...(state as State), _k: key } as State);
  // What came after its list was read is on no page of it. What was deleted since is known by catching up.
  if (kept.seq !== null) {
    setSettledSeq(kept.seq);
    arrive(kept.tasks.map(({ id }) => id));
    tasks.setWhole(kept.isWhole);
  }
  restored = kept.me;
  return kept.me;
}

function later(): void {
  clearTimeout(timer);
  timer = setTimeout(() => whenIdle(() => void write()), PAUSE);
}

/** A copy of thousands of tasks takes longer than a frame: not while somebody types. */
function whenIdle(work: () => void): void {
  if ('requestIdleCallback' in window) requestIdleCallback(work, { timeout: LONGEST });
  else work();
}

tasks.subscribe(() => {
  if (owner) later();
});

async function write(): Promise<void> {
  if (!owner || !mark || !csrfToken()) return;
  const kept: [string, State][] = [];
  for (const key of resources.keys()) {
    const { data, _l } = (resources.get(key) ?? {}) as State;
    if (data === undefined || !/^(?:\$inf\$)?\/api\//.test(key) || key.startsWith('/api/auth/')) continue;
    kept.push([key, _l === undefined ? { data } : { data, _l }]);
  }
  const confirmed = tasks.all().flatMap(({ id }) => tasks.confirmedTask(id) ?? []);
  const snapshot: Snapshot = {
    session: mark,
    me: owner,
    tasks: confirmed,
    resources: kept,
    seq: settledSeq(),
    isWhole: tasks.isWhole,
  };
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
