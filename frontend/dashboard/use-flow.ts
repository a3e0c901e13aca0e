'use client';

import { useEffect } from 'react';
import useSWR from 'swr';
import { api, body, type Schema } from '@/api/client';
import type { ApiProblem } from '@/api/problem';
import { dayAfter } from '@/tasks/due-date';
import { onDerivedChange } from '@/tasks/task-actions';

export type FlowDay = Schema['FlowDay'];

/** Days that the charts show, today included. */
export const DAYS = 30;

/** The reader's time zone; UTC when it has a name that the API does not take, as `+09:00`. */
export function zoneOf(name: string | undefined): string {
  return name && /^[A-Z][a-z]+\/[A-Za-z_/-]+$/.test(name) && !name.startsWith('Etc/') ? name : 'UTC';
}

/** What was created and completed on each of the last days, and how long it took. */
export function useFlow(): { days: FlowDay[] | undefined; problem: ApiProblem | null; reload: () => void } {
  const query = {
    from: dayAfter(1 - DAYS),
    to: dayAfter(0),
    tz: zoneOf(Intl.DateTimeFormat().resolvedOptions().timeZone),
  };
  const { data, error, mutate } = useSWR<FlowDay[], ApiProblem>(
    `/api/tasks/flow?${new URLSearchParams(query)}`,
    () => body(api.GET('/api/tasks/flow', { params: { query } })),
  );
  useEffect(() => onDerivedChange(() => void mutate()), [mutate]);
  return { days: data, problem: error ?? null, reload: () => void mutate() };
}
