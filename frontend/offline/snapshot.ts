import { clear, del, get, set } from 'idb-keyval';
import { type Cache, SWRConfig } from 'swr';
import { whenIdle } from '@/components/idle';
import { setSettledSeq, settledSeq } from '@/live/settled-seq';
import { csrfToken } from '@/session/access-token';
import type { Me } from '@/session/session';
import { arrive } from '@/tasks/arrivals';
import { closeDrafts } from '@/tasks/drafts';
import type { Task } from '@/tasks/task';
import { tasks } from '@/tasks/task-store';
import { closeOutbox } from './outbox';

/**
 * What this browser last read, so that it is shown before the server answers, and without a network: who was
 * signed in, the tasks and the other resources. One value of one person in one organization; it is deleted
 * with the session, and shown in no other one.
 *
 * A copy of thousands of tasks takes longer than a frame. A change of some of them is therefore written as a
 * journal beside it: what differs from the snapshot that it names. A journal of another snapshot, which
 * another tab has replaced, is ignored; the next visit then catches up from an earlier event.
 */
type Snapshot = {
  /** Names this snapshot for its journal. */
  id: string;
  session: string;
  me: Me;
  tasks: Task[];
  resources: [string, unknown][];
  /** The last event that is complete in it; null: it is not known, and only what lists name is shown. */
  seq: number | null;
  /** Whether it has every open task. */
  isWhole: boolean;
};

/** In a journal, `tasks` are those that changed since the snapshot with its `id`. */
type Journal = Snapshot & { removed: string[] };

type Stored = { id: string; tasks: Map<string, Task> };

const KEY = 'snapshot';
const JOURNAL = 'journal';
/** Most tasks of a journal; with more, the snapshot is written again. */
const LONGEST_JOURNAL = 500;
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
/** The snapshot that is stored, without its journal; null: none of this page. */
let stored: Stored | null = null;
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
  const shown = restored;
  owner = me;
  restored = null;
  mark = await sessionMark();
  if (isKnown) return;
  if (shown && isSame(shown, me)) return later();
  const kept = await read();
  if (kept && !isSame(kept.snapshot.me, me)) await remove();
  if (shown) location.reload();
  else later();
}

/** Deletes what is kept: the session has ended, or the rights to the organization have. */
export async function dropSnapshot(): Promise<void> {
  owner = null;
  restored = null;
  stored = null;
  clearTimeout(timer);
  await remove();
}

/** Deletes everything that this browser keeps of a person, edits that are not saved among it. */
export async function dropEverything(): Promise<void> {
  closeOutbox();
  closeDrafts();
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
  const [found, session] = await Promise.all([read(), sessionMark()]);
  if (!found) return null;
  const { snapshot: kept, base } = found;
  // Somebody signed in again, perhaps somebody else.
  if (kept.session !== session) {
    await remove();
    return null;
  }
  stored = base;
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
  timer = setTimeout(() => whenIdle(() => void write(), LONGEST), PAUSE);
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
  const confirmed = tasks
    .all()
    .flatMap(({ id }) => (tasks.isProposed(id) ? [] : (tasks.confirmedTask(id) ?? [])));
  const about = { session: mark, me: owner, resources: kept, seq: settledSeq(), isWhole: tasks.isWhole };
  const difference = stored && differenceFrom(stored.tasks, confirmed);
  if (stored && difference && difference.tasks.length + difference.removed.length <= LONGEST_JOURNAL) {
    const journal: Journal = { id: stored.id, ...about, ...difference };
    await ifKept(() => set(JOURNAL, journal));
    return;
  }
  const snapshot: Snapshot = { id: crypto.randomUUID(), ...about, tasks: confirmed };
  await ifKept(async () => {
    await set(KEY, snapshot);
    stored = { id: snapshot.id, tasks: byId(confirmed) };
    await del(JOURNAL);
  });
}

function byId(some: readonly Task[]): Map<string, Task> {
  return new Map(some.map((task) => [task.id, task]));
}

/** What changed and what is gone since tasks were stored. A task that did not change is the same object. */
function differenceFrom(before: ReadonlyMap<string, Task>, now: readonly Task[]) {
  const present = new Set(now.map(({ id }) => id));
  return {
    tasks: now.filter((task) => before.get(task.id) !== task),
    removed: [...before.keys()].filter((id) => !present.has(id)),
  };
}

/** The snapshot with its journal, and without it. */
async function read(): Promise<{ snapshot: Snapshot; base: Stored } | undefined> {
  const found = await ifKept(() => Promise.all([get<Snapshot>(KEY), get<Journal>(JOURNAL)]));
  const [snapshot, journal] = found ?? [];
  if (!snapshot) return undefined;
  const base = { id: snapshot.id, tasks: byId(snapshot.tasks) };
  if (!journal || journal.id !== snapshot.id || journal.session !== snapshot.session)
    return { snapshot, base };
  const whole = new Map(base.tasks);
  for (const id of journal.removed) whole.delete(id);
  for (const task of journal.tasks) whole.set(task.id, task);
  return { snapshot: { ...journal, tasks: [...whole.values()] }, base };
}

async function remove(): Promise<void> {
  stored = null;
  await ifKept(async () => {
    await Promise.all([del(KEY), del(JOURNAL)]);
  });
}

/** Some browsers keep nothing, for example in a private window: then nothing is read without a network. */
async function ifKept<T>(access: () => Promise<T>): Promise<T | undefined> {
  try {
    return await access();
  } catch {
    return undefined;
  }
}
