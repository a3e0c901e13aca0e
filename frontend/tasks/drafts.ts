'use client';

import { delMany, entries, set } from 'idb-keyval';
import { useSyncExternalStore } from 'react';
import type { Me } from '@/session/session';

/**
 * Texts that were typed and are not saved, by what they belong to and their field: they survive the closing
 * of the drawer and of the page. Each remembers the text that it was made from.
 *
 * Kept in IndexedDB under `draft USER ORGANIZATION OF FIELD`, and deleted with the session (snapshot.ts).
 */
export type Draft = {
  text: string;
  from: string;
  /** Key of the request that sends it: a request that is repeated after a reload takes effect once. */
  key?: string;
};
type Kept = Draft & { at: number };

/** How long a draft is kept that nobody came back to, in milliseconds: 30 days. */
const LONGEST = 30 * 86_400_000;

/** What drafts of a task that does not exist yet belong to. */
export const NEW_TASK = 'new';

const drafts = new Map<string, Draft>();
const listeners = new Set<() => void>();
let owner: string | null = null;

function changed(): void {
  for (const listener of listeners) listener();
}

/** Some browsers keep nothing, for example in a private window: then drafts live as long as the page. */
async function ifKept(access: () => Promise<unknown>): Promise<void> {
  try {
    await access();
  } catch {
    // The text is still in its field.
  }
}

function store(name: string): void {
  const key = owner && `${owner}${name}`;
  const draft = drafts.get(name);
  if (key) void ifKept(() => (draft ? set(key, { ...draft, at: Date.now() }) : delMany([key])));
}

/** Reads what this person left behind. What was typed before this moment wins. */
export async function openDrafts(me: Me): Promise<void> {
  const mine = `draft ${me.user.id} ${me.organization.id} `;
  owner = mine;
  for (const name of drafts.keys()) store(name);
  await ifKept(async () => {
    const old: string[] = [];
    for (const [key, { at, ...draft }] of await entries<string, Kept>()) {
      const name = key.startsWith(mine) ? key.slice(mine.length) : null;
      if (name === null) continue;
      if (at < Date.now() - LONGEST) old.push(key);
      else if (!drafts.has(name)) drafts.set(name, draft);
    }
    await delMany(old);
  });
  changed();
}

/** Forgets them: the session has ended. */
export function closeDrafts(): void {
  owner = null;
  drafts.clear();
  changed();
}

/** The draft of a field, if there is one. */
export function draftOf(of: string, field: string): Draft | undefined {
  return drafts.get(`${of} ${field}`);
}

/** The same, drawn again when it changes. */
export function useDraft(of: string, field: string): Draft | undefined {
  return useSyncExternalStore(
    subscribe,
    () => draftOf(of, field),
    () => undefined,
  );
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Keeps a draft; null: it was saved or given up. */
export function keepDraft(of: string, field: string, draft: Draft | null): void {
  const name = `${of} ${field}`;
  if (draft) drafts.set(name, draft);
  else if (!drafts.delete(name)) return;
  store(name);
  changed();
}

/** Gives the drafts of a task to the id that the server gave it. */
export function moveDrafts(from: string, to: string): void {
  for (const [name, draft] of [...drafts]) {
    const [of, field = ''] = name.split(' ');
    if (of !== from) continue;
    keepDraft(to, field, draft);
    keepDraft(from, field, null);
  }
}
