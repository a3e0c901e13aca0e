'use client';

import { createContext, useContext, useEffect } from 'react';
import useSWR, { mutate } from 'swr';
import { api, body, type Schema } from '@/api/client';
import { fetchWithin } from '@/api/fetch-within';
import { ApiProblem, problemOf } from '@/api/problem';
import { forgetArrivals } from '@/tasks/arrivals';
import { tasks } from '@/tasks/task-store';
import { accessToken, announceEnd, mayBeSignedIn, onSessionEnd, withCookie } from './access-token';

export type Me = Schema['Me'];

const KEY = '/api/auth/me';

export type Session =
  | { state: 'loading' }
  | { state: 'signed-in'; me: Me }
  | { state: 'signed-out' }
  | { state: 'failed'; problem: ApiProblem; retry: () => void };

let isFirst = true;

async function load(): Promise<Me | null> {
  // Without the cookie the answer is known, and no request has to fail for it.
  if (!mayBeSignedIn()) return signedOut();
  if (isFirst) {
    isFirst = false;
    const kept = await (early ?? lastVisit());
    if (kept) return kept;
  }
  try {
    const me = await body(api.GET('/api/auth/me'));
    void snapshot().then(({ keepFor }) => keepFor(me));
    return me;
  } catch (problem) {
    if (!(problem instanceof ApiProblem)) throw problem;
    if (problem.status === 401) return signedOut();
    // Whoever may not read it on the server may not read it here.
    if (problem.status === 403 || problem.status === 404) await (await snapshot()).dropEverything();
    const kept = problem.code === 'unreachable' ? await (await snapshot()).restore() : null;
    if (!kept) throw problem;
    return kept;
  }
}

/** Not a part of pages for people who are not signed in. */
const snapshot = () => import('@/offline/snapshot');

/**
 * What this browser kept is shown first, and the server asked in the meantime: whether the session still
 * lives, and what has changed since.
 */
async function lastVisit(): Promise<Me | null> {
  void accessToken().catch(() => {});
  const kept = await (await snapshot()).restore();
  if (kept) setTimeout(() => void mutate(KEY));
  return kept;
}

/** Begun before anything is rendered. Null where nothing is read: in the export, and for nobody. */
const early = typeof window !== 'undefined' && mayBeSignedIn() ? lastVisit().catch(() => null) : null;

/** How long the deletion of what is kept may hold up a page, in milliseconds. */
const LONGEST_DROP = 2_000;

/** Nobody is signed in: what this browser kept is deleted. Without a network, the next page does it. */
async function signedOut(): Promise<null> {
  const drop = snapshot().then(({ dropEverything }) => dropEverything());
  await Promise.race([drop.catch(() => {}), new Promise((resolve) => setTimeout(resolve, LONGEST_DROP))]);
  return null;
}

/** Who is signed in. */
export function useSession(): Session {
  const { data, error, mutate: again } = useSWR<Me | null, ApiProblem>(KEY, load);
  useEffect(() => {
    return onSessionEnd(() => {
      // What follows leaves this page: not before nothing is kept any more.
      void signedOut().then(() => again(null, { revalidate: false }));
    });
  }, [again]);
  if (data) return { state: 'signed-in', me: data };
  if (data === null) return { state: 'signed-out' };
  if (error) return { state: 'failed', problem: error, retry: () => void again() };
  return { state: 'loading' };
}

/** Given to the pages that are only shown to somebody who is signed in. */
export const MeContext = createContext<Me | null>(null);

/** Who is signed in, on such a page. */
export function useMe(): Me {
  const me = useContext(MeContext);
  if (!me) throw new Error('useMe outside of a page for people who are signed in');
  return me;
}

/** Whether the role of the caller has a permission, for example `tasks.write`. */
export function useMay(permission: string): boolean {
  return useMe().permissions.includes(permission);
}

/** Removes everything of the session from the memory of this page. */
export function forget(): void {
  tasks.clear();
  forgetArrivals();
  void signedOut();
  void mutate((key) => typeof key === 'string' && key !== KEY, undefined, { revalidate: false });
}

/** Only whoever signs out needs it. */
const lastEdits = async () => (await import('@/tasks/last-edits')).lastEdits();

/**
 * Ends the session of this browser, after what is on its way is saved. Resolves to whether it has ended:
 * the person may choose to wait for what cannot be saved now.
 */
export async function signOut(): Promise<boolean> {
  if (!(await lastEdits())) return false;
  await finish(await withCookie('/api/auth/logout'));
  return true;
}

/** Ends all sessions of the caller, in the same way. */
export async function signOutEverywhere(): Promise<boolean> {
  if (!(await lastEdits())) return false;
  const authorization = `Bearer ${await accessToken()}`;
  await finish(await fetchWithin('/api/auth/logout-all', { method: 'POST', headers: { authorization } }));
  return true;
}

async function finish(response: Response): Promise<void> {
  // 401: it had ended already, which is what was wanted.
  if (!response.ok && response.status !== 401) throw await problemOf(response);
  announceEnd();
  forget();
  // The page may be left in the next moment.
  await signedOut();
}

/** Where the sign-in begins, and the page that it ends on. */
export function signInUrl(returnTo: string): string {
  return `/api/auth/login?return_to=${encodeURIComponent(returnTo)}`;
}
