import { delMany, getMany, keys, setMany } from 'idb-keyval';
import type { Me } from '@/session/session';
import type { Creation, CreationOutbox } from '@/tasks/creation-queue';
import type { Outbox, UnsentEdit } from '@/tasks/edit-transport';

/**
 * Edits and new tasks that the server has not confirmed, in IndexedDB: they outlive this page and a time
 * without a network. An edit belongs to the page that it was made in, which sends it and asks there when two
 * people wrote the same text. Each page holds a lock as long as it lives; what a page left behind is taken
 * over by whoever gets its lock.
 *
 * Keys are `edit USER ORGANIZATION PAGE TASK`, for a new task with `+` before its id. All of them are deleted
 * with the session (snapshot.ts).
 */
type Unsent = UnsentEdit | Creation;

const PAGE = crypto.randomUUID();
const lockOf = (page: string) => `miyabi-page ${page}`;

/** Pages whose lock is waited for. */
const watched = new Set<string>();
let owner: string | null = null;
/** What was to be stored before it was known for whom. */
let early: Unsent[] = [];

const keyOf = (id: string) => `${owner}${PAGE} ${id}`;
const idOf = (unsent: Unsent) => ('body' in unsent ? `+${unsent.id}` : unsent.task);

/** How many tasks have something stored that is not saved, by whichever page, person and organization. */
export async function storedCount(): Promise<number> {
  const ids = new Set<string>();
  await ifKept(async () => {
    for (const key of await keys<string>())
      if (key.startsWith('edit ')) ids.add(key.slice(key.lastIndexOf(' ') + 1).replace('+', ''));
  });
  return ids.size;
}

/** Some browsers keep nothing, for example in a private window: then edits live as long as the page. */
async function ifKept(access: () => Promise<unknown>): Promise<void> {
  try {
    await access();
  } catch {
    // Nothing can be done about it here; the page shows how many edits are not saved.
  }
}

async function put(unsent: Unsent[]): Promise<void> {
  if (owner === null) early.push(...unsent);
  else await ifKept(() => setMany(unsent.map((one) => [keyOf(idOf(one)), one])));
}

async function remove(ids: string[]): Promise<void> {
  early = early.filter((one) => !ids.includes(idOf(one)));
  if (owner !== null && ids.length > 0) await ifKept(() => delMany(ids.map(keyOf)));
}

export const outbox: Outbox & CreationOutbox = {
  put,
  remove,
  putCreation: (creation) => put([creation]),
  removeCreation: (id) => remove([`+${id}`]),
};

/** Begins to store the edits of this person in this organization. */
export async function openOutbox(me: Me): Promise<void> {
  const isFirst = owner === null;
  owner = `edit ${me.user.id} ${me.organization.id} `;
  if (isFirst && navigator.locks) void navigator.locks.request(lockOf(PAGE), () => new Promise(() => {}));
  const waiting = early;
  early = [];
  await put(waiting);
}

/** Forgets whose edits are stored: the session has ended. */
export function closeOutbox(): void {
  owner = null;
  early = [];
}

/**
 * Takes over the edits of pages that are gone, at once or when a page that lives now goes. Resolves when the
 * pages are known.
 */
export async function takeOver(found: (edits: UnsentEdit[], created: Creation[]) => void): Promise<void> {
  const prefix = owner;
  if (prefix === null) return;
  await ifKept(async () => {
    for (const page of await pagesWith(prefix)) {
      if (watched.has(page)) continue;
      watched.add(page);
      void whenGone(page, async () => {
        watched.delete(page);
        const left = (await keys<string>()).filter((key) => key.startsWith(`${prefix}${page} `));
        const unsent = (await getMany<Unsent | undefined>(left)).flatMap((one) => one ?? []);
        // Stored under this page first: between the two steps it exists twice, never not at all.
        await put(unsent);
        await delMany(left);
        if (owner !== prefix) return;
        const created = unsent.flatMap((one) => ('body' in one ? [one] : []));
        found(
          unsent.flatMap((one) => ('body' in one ? [] : [one])),
          // Their numbers have the order in which they were made.
          created.sort((a, b) => (a.task.created_at < b.task.created_at ? -1 : 1)),
        );
      });
    }
  });
}

/** Other pages that have edits of this person, or had some that they left behind. */
async function pagesWith(prefix: string): Promise<Set<string>> {
  const all = (await keys<string>()).filter((key) => key.startsWith(prefix));
  const pages = new Set(all.map((key) => key.slice(prefix.length).split(' ')[0] ?? ''));
  pages.delete(PAGE);
  return pages;
}

async function whenGone(page: string, work: () => Promise<void>): Promise<void> {
  const safely = () => ifKept(work);
  if (navigator.locks) await navigator.locks.request(lockOf(page), safely);
  else await safely();
}
