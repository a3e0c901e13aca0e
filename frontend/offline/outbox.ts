import { delMany, getMany, keys, setMany } from 'idb-keyval';
import type { Me } from '@/session/session';
import type { Outbox, UnsentEdit } from '@/tasks/edit-transport';

/**
 * Edits that the server has not confirmed, in IndexedDB: they outlive this page and a time without a
 * network. An edit belongs to the page that it was made in, which sends it and asks there when two people
 * wrote the same text. Each page holds a lock as long as it lives; what a page left behind is taken over by
 * whoever gets its lock.
 *
 * Keys are `edit USER ORGANIZATION PAGE TASK`. All of them are deleted with the session (snapshot.ts).
 */
const PAGE = crypto.randomUUID();
const lockOf = (page: string) => `miyabi-page ${page}`;

let owner: string | null = null;
/** What was to be stored before it was known for whom. */
let early: UnsentEdit[] = [];

const keyOf = (task: string) => `${owner}${PAGE} ${task}`;

/** Some browsers keep nothing, for example in a private window: then edits live as long as the page. */
async function ifKept(access: () => Promise<unknown>): Promise<void> {
  try {
    await access();
  } catch {
    // Nothing can be done about it here; the page shows how many edits are not saved.
  }
}

export const outbox: Outbox = {
  async put(edits) {
    if (owner === null) early.push(...edits);
    else await ifKept(() => setMany(edits.map((edit) => [keyOf(edit.task), edit])));
  },
  async remove(tasks) {
    early = early.filter(({ task }) => !tasks.includes(task));
    if (owner !== null && tasks.length > 0) await ifKept(() => delMany(tasks.map(keyOf)));
  },
};

/** Begins to store the edits of this person in this organization. */
export async function openOutbox(me: Me): Promise<void> {
  const isFirst = owner === null;
  owner = `edit ${me.user.id} ${me.organization.id} `;
  if (isFirst && navigator.locks) void navigator.locks.request(lockOf(PAGE), () => new Promise(() => {}));
  const waiting = early;
  early = [];
  await outbox.put(waiting);
}

/** Forgets whose edits are stored: the session has ended. */
export function closeOutbox(): void {
  owner = null;
  early = [];
}

/** Takes over the edits of pages that are gone. Those of pages that live are left to them. */
export async function takeOver(): Promise<UnsentEdit[]> {
  const found: UnsentEdit[] = [];
  const prefix = owner;
  if (prefix === null) return found;
  await ifKept(async () => {
    const mine = (await keys<string>()).filter((key) => key.startsWith(prefix));
    const pages = new Set(mine.map((key) => key.slice(prefix.length).split(' ')[0] ?? ''));
    for (const page of pages) {
      if (page === PAGE) continue;
      await whenGone(page, async () => {
        const left = mine.filter((key) => key.startsWith(`${prefix}${page} `));
        const edits = (await getMany<UnsentEdit | undefined>(left)).flatMap((edit) => edit ?? []);
        // Stored under this page first: between the two steps it exists twice, never not at all.
        await outbox.put(edits);
        await delMany(left);
        found.push(...edits);
      });
    }
  });
  return found;
}

async function whenGone(page: string, work: () => Promise<void>): Promise<void> {
  if (!navigator.locks) return work();
  await navigator.locks.request(lockOf(page), { ifAvailable: true }, async (lock) => {
    if (lock) await work();
  });
}
