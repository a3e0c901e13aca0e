'use client';

import { useMemo, useSyncExternalStore } from 'react';
import useSWR, { type SWRResponse } from 'swr';
import { api, body, type Schema } from '@/api/client';
import { everyPage } from '@/api/every-page';
import type { ApiProblem } from '@/api/problem';
import { nameOf } from '@/components/Avatar';
import { useMay, useMe } from '@/session/session';
import { unlessSame } from './derive-list';
import type { Person } from './task';
import { tasks } from './task-store';

/** The members of the organization; undefined for who may not read them. */
export function useMembers(): SWRResponse<Schema['Member'][], ApiProblem> {
  const mayRead = useMay('members.read');
  return useSWR<Schema['Member'][], ApiProblem>(mayRead ? '/api/members' : null, () =>
    everyPage((query) => body(api.GET('/api/members', { params: { query } }))),
  );
}

const NOBODY: Person[] = [];
const nobody = () => NOBODY;
let seen: Person[] = NOBODY;
let seenRevision = -1;

/** Everybody who appears in a task that is loaded; the same list as long as they are the same. */
function everybodySeen(): Person[] {
  if (seenRevision === tasks.getRevision()) return seen;
  seenRevision = tasks.getRevision();
  // Each task has an object of its own for the same person.
  const known = new Map(seen.map((person) => [person.id, person]));
  const keptOr = (person: Person) => {
    const kept = known.get(person.id);
    const isKept = kept && kept.name === person.name && kept.avatar_url === person.avatar_url;
    return isKept ? kept : person;
  };
  const found = new Map<string, Person>();
  for (const task of tasks.all()) {
    for (const person of [task.assignee, task.created_by]) {
      if (person && !found.has(person.id)) found.set(person.id, keptOr(person));
    }
  }
  seen = unlessSame(seen, [...found.values()]);
  return seen;
}

/**
 * People who can be assigned and mentioned: the caller first, then every member. Until the members are
 * known, and for who may not read them: everybody who appears in a task that is loaded.
 */
export function usePeople(): Person[] {
  const me = useMe().user;
  const { data: members } = useMembers();
  const read = members ? nobody : everybodySeen;
  const others: Person[] = useSyncExternalStore(tasks.subscribe, read, read);
  return useMemo(() => {
    const byName = (a: Person, b: Person) => nameOf(a).localeCompare(nameOf(b));
    return [me, ...(members ?? others).filter(({ id }) => id !== me.id).sort(byName)];
  }, [me, members, others]);
}
