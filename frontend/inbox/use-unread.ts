'use client';

import { useEffect } from 'react';
import useSWR from 'swr';
import { api, body } from '@/api/client';
import type { ApiProblem } from '@/api/problem';
import { onInboxChange } from './inbox-changes';

/** Most that is counted: beyond it the exact number helps nobody. */
const MOST = 99;

/** How many notifications are unread: `7`, or `99+`; null while that is not known, and for none. */
export function useUnread(): string | null {
  const query = { state: 'unread', limit: MOST } as const;
  const { data, mutate } = useSWR<{ count: number; isMore: boolean }, ApiProblem>(
    `/api/notifications?state=unread&limit=${MOST}`,
    async () => {
      const page = await body(api.GET('/api/notifications', { params: { query } }));
      return { count: page.items.length, isMore: Boolean(page.next_cursor) };
    },
  );
  useEffect(() => onInboxChange(() => void mutate()), [mutate]);
  return data?.count ? `${data.count}${data.isMore ? '+' : ''}` : null;
}
