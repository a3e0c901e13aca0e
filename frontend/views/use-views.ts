'use client';

import useSWR from 'swr';
import { api, body, type Schema } from '@/api/client';
import { everyPage } from '@/api/every-page';
import type { ApiProblem } from '@/api/problem';

export type View = Schema['View'];

/** The saved views that the reader sees, in their order. */
export function useViews(): {
  views: View[] | undefined;
  problem: ApiProblem | null;
  reload: () => Promise<unknown>;
} {
  const { data, error, mutate } = useSWR<View[], ApiProblem>('/api/views', () =>
    everyPage((query) => body(api.GET('/api/views', { params: { query } }))),
  );
  return { views: data, problem: error ?? null, reload: () => mutate() };
}
