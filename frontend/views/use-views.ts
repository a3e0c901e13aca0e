'use client';

import useSWR from 'swr';
import { api, body, type Schema } from '@/api/client';
import type { ApiProblem } from '@/api/problem';

export type View = Schema['View'];

/** The saved views that the reader sees, in their order. */
export function useViews(): {
  views: View[] | undefined;
  problem: ApiProblem | null;
  reload: () => Promise<unknown>;
} {
  const { data, error, mutate } = useSWR<View[], ApiProblem>('/api/views', async () => {
    const all: View[] = [];
    let cursor: string | undefined;
    do {
      const page = await body(api.GET('/api/views', { params: { query: { limit: 100, cursor } } }));
      all.push(...page.items);
      cursor = page.next_cursor ?? undefined;
    } while (cursor);
    return all;
  });
  return { views: data, problem: error ?? null, reload: () => mutate() };
}
