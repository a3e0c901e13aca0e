'use client';

import { useEffect } from 'react';
import useSWRInfinite from 'swr/infinite';
import { api, body, type Schema } from '@/api/client';
import type { ApiProblem } from '@/api/problem';
import { onDerivedChange } from '@/tasks/derived';

export type Entry = Schema['ActivityEntry'];
export type Outcome = Schema['ActivityOutcome'];

/** The audit trail, newest first. */
export function useActivity(
  limit: number,
  outcome: Outcome | null = null,
): {
  items: Entry[] | undefined;
  problem: ApiProblem | null;
  hasMore: boolean;
  loadMore: () => void;
  reload: () => void;
} {
  const filter = outcome ? `&outcome=${outcome}` : '';
  const { data, error, setSize, mutate } = useSWRInfinite<Schema['ActivityEntryPage'], ApiProblem>(
    (index: number, before: Schema['ActivityEntryPage'] | null) => {
      if (index > 0 && !before?.next_cursor) return null;
      return `/api/activity?limit=${limit}${filter}${before?.next_cursor ? `&cursor=${before.next_cursor}` : ''}`;
    },
    (url: string) => {
      const cursor = new URL(url, location.origin).searchParams.get('cursor') ?? undefined;
      const query = { limit, outcome: outcome ?? undefined, cursor };
      return body(api.GET('/api/activity', { params: { query } }));
    },
  );
  useEffect(() => onDerivedChange(() => void mutate()), [mutate]);
  return {
    items: data?.flatMap((page) => page.items),
    problem: error ?? null,
    hasMore: Boolean(data?.at(-1)?.next_cursor),
    loadMore: () => void setSize((pages) => pages + 1),
    reload: () => void mutate(),
  };
}
