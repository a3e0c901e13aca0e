'use client';

import useSWR from 'swr';
import { api, body, type Schema } from '@/api/client';
import { everyPage } from '@/api/every-page';
import type { ApiProblem } from '@/api/problem';

export type ApiToken = Schema['ApiToken'];
export type TokenPermission = Schema['TokenPermissions'][number];

/** What a token can be allowed to do, as far as its owner may do it: handlers/auth/src/api_tokens. */
export const TOKEN_PERMISSIONS: readonly TokenPermission[] = [
  'tasks.read',
  'tasks.write',
  'tasks.delete',
  'tasks.assign',
  'audit.read',
];

/** The API tokens of the reader for this organization, newest first. */
export function useTokens(): {
  tokens: ApiToken[] | undefined;
  problem: ApiProblem | null;
  reload: () => Promise<unknown>;
} {
  const { data, error, mutate } = useSWR<ApiToken[], ApiProblem>('/api/tokens', () =>
    everyPage((query) => body(api.GET('/api/tokens', { params: { query } }))),
  );
  return { tokens: data, problem: error ?? null, reload: () => mutate() };
}

/** Whether a token can still be used, and else why not. */
export function stateOf(token: ApiToken, now = Date.now()): 'active' | 'expired' | 'revoked' {
  if (token.revoked_at) return 'revoked';
  return Date.parse(token.expires_at) <= now ? 'expired' : 'active';
}
