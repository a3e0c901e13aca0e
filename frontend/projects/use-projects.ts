'use client';

import useSWR from 'swr';
import { api, body, type Schema } from '@/api/client';
import { everyPage } from '@/api/every-page';
import type { ApiProblem } from '@/api/problem';

export type Project = Schema['Project'];

/** The projects of the organization in their order, archived ones too. */
export function useProjects(): {
  projects: Project[] | undefined;
  problem: ApiProblem | null;
  reload: () => Promise<unknown>;
  /** Shows projects before the server has confirmed them. */
  show: (projects: Project[]) => void;
} {
  const { data, error, mutate } = useSWR<Project[], ApiProblem>('/api/projects', () =>
    everyPage((query) => body(api.GET('/api/projects', { params: { query } }))),
  );
  return {
    projects: data,
    problem: error ?? null,
    reload: () => mutate(),
    show: (projects) => void mutate(projects, { revalidate: false }),
  };
}

/** Those that a task can be put into. */
export function isActive(project: Project): boolean {
  return !project.archived_at;
}
