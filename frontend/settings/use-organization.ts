'use client';

import useSWR, { type KeyedMutator } from 'swr';
import { api, body, type Schema } from '@/api/client';
import { everyPage } from '@/api/every-page';
import { ApiProblem } from '@/api/problem';
import { explain, toast } from '@/components/toast-store';
import { useMembers as useMemberList } from '@/tasks/use-people';
import { settingsMessages } from './messages';

export type Permission = Schema['PermissionSet'][number];

/** A list that settings show, with what reads it again. */
export type Resource<T> = {
  items: T[] | undefined;
  problem: ApiProblem | null;
  reload: () => Promise<unknown>;
};

function resource<T>(answer: { data?: T[]; error?: ApiProblem; mutate: KeyedMutator<T[]> }): Resource<T> {
  return { items: answer.data, problem: answer.error ?? null, reload: () => answer.mutate() };
}

/** The members of the organization. */
export function useMembers(): Resource<Schema['Member']> {
  return resource(useMemberList());
}

/** The roles of the organization. */
export function useRoles(): Resource<Schema['Role']> {
  return resource(
    useSWR<Schema['Role'][], ApiProblem>('/api/roles', () =>
      everyPage((query) => body(api.GET('/api/roles', { params: { query } }))),
    ),
  );
}

/** The invitations of the organization, newest first. */
export function useInvitations(): Resource<Schema['Invitation']> {
  return resource(
    useSWR<Schema['Invitation'][], ApiProblem>('/api/invitations', () =>
      everyPage((query) => body(api.GET('/api/invitations', { params: { query } }))),
    ),
  );
}

/** The organizations of the reader, with deleted ones that can be restored. */
export function useOwnOrganizations(): Resource<Schema['OwnOrganization']> {
  return resource(
    useSWR<Schema['OwnOrganization'][], ApiProblem>('/api/organizations', () =>
      everyPage((query) => body(api.GET('/api/organizations', { params: { query } }))),
    ),
  );
}

/** Does something, and says why it was refused. Resolves to whether it was done. */
export function useAttempt(): (what: string, work: () => Promise<unknown>) => Promise<boolean> {
  const m = settingsMessages.useTexts();
  return async (what, work) => {
    try {
      await work();
      return true;
    } catch (problem) {
      const code = problem instanceof ApiProblem ? problem.code : '';
      const detail =
        code in m.refused
          ? m.refused[code as keyof typeof m.refused]
          : code === 'stale_version'
            ? m.changedElsewhere
            : explain(problem);
      toast({ text: m.failed(what), detail, isError: true });
      return false;
    }
  };
}
