'use client';

import { useMemo } from 'react';
import useSWR, { type SWRResponse } from 'swr';
import { api, body, type Schema } from '@/api/client';
import { everyPage } from '@/api/every-page';
import type { ApiProblem } from '@/api/problem';
import { nameOf } from '@/components/Avatar';
import { useMay, useMe } from '@/session/session';
import type { Person } from './task';
import { tasks } from './task-store';
import { useTaskRevision } from './use-tasks';

/** The members of the organization; undefined for who may not read them. */
export function useMembers(): SWRResponse<Schema['Member'][], ApiProblem> {
  const mayRead = useMay('members.read');
  return useSWR<Schema['Member'][], ApiProblem>(mayRead ? '/api/members' : null, () =>
    everyPage((query) => body(api.GET('/api/members', { params: { query } }))),
  );
}

/**
 * People who can be assigned and mentioned: the caller first, then every member. Until the members are
 * known, and for who may not read them: everybody who appears in a task that is loaded.
 */
export function usePeople(): Person[] {
  const me = useMe().user;
  const { data: members } = useMembers();
  const revision = useTaskRevision();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the store is outside of React; its revision says that it changed
  return useMemo(() => {
    const found = members ?? tasks.all().flatMap((task) => [task.assignee, task.created_by]);
    const people = new Map<string, Person>([[me.id, me]]);
    for (const person of found) if (person && !people.has(person.id)) people.set(person.id, person);
    const [first, ...others] = people.values();
    const byName = (a: Person, b: Person) => nameOf(a).localeCompare(nameOf(b));
    return [first ?? me, ...others.sort(byName)];
  }, [me, members, members ? 0 : revision]);
}
