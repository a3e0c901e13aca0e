'use client';

import useSWR from 'swr';
import { api, body } from '@/api/client';
import type { ApiProblem } from '@/api/problem';
import { isTaskId, numberIn } from './task-number';
import { tasks } from './task-store';
import { useTaskRevision } from './use-tasks';

/** The task that an address names by its id or its number. */
export type TaskReference = {
  /** Null while it is being looked up, and when there is no such task. */
  id: string | null;
  /** Nothing has this number, or it is none. */
  isMissing: boolean;
  problem: ApiProblem | null;
  reload: () => void;
};

/** Looks up a task by `MIY-12`, `12` or its id: in what this page knows, else at the server. */
export function useTaskReference(reference: string | null): TaskReference {
  useTaskRevision();
  const isId = reference !== null && isTaskId(reference);
  const number = reference !== null && !isId ? numberIn(reference) : null;
  const known = isId ? tasks.currentId(reference) : number ? tasks.idOf(number) : undefined;
  const { data, error, mutate } = useSWR<string, ApiProblem>(
    number && !known ? `/api/tasks/by-number/${number}` : null,
    async () => {
      const params = { path: { number: number ?? '' } };
      const task = await body(api.GET('/api/tasks/by-number/{number}', { params }));
      tasks.receive(task);
      return task.id;
    },
  );
  return {
    id: known ?? data ?? null,
    isMissing: reference !== null && ((!isId && !number) || error?.status === 404),
    problem: error && error.status !== 404 ? error : null,
    reload: () => void mutate(),
  };
}
