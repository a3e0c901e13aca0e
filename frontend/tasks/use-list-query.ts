'use client';

import { useSearchParams } from 'next/navigation';
import { useCallback, useLayoutEffect, useMemo, useState } from 'react';
import { addressQuery, setAddressQuery } from '@/components/address';
import { type ListQuery, parseQuery, queryString } from './list-query';

/**
 * How a change becomes part of the history: `push` is a step that people would go back from, `replace` is
 * none. `follow` is `replace` for what is shown when the browser has time for it: the drawer that follows
 * the active row.
 */
export type How = 'push' | 'replace' | 'follow';

export type ChangeQuery = (change: Partial<ListQuery>, how?: How) => void;

/**
 * The query in the address of the page, and a change to it. A change is shown at once; the address, and with
 * it the router, follows after the frame that shows it.
 */
export function useListQuery(): [ListQuery, ChangeQuery] {
  const shown = useSearchParams().toString();
  /** The address that was set here, until the router shows it; null: nothing is ahead of the router. */
  const [ahead, setAhead] = useState<string | null>(null);
  useLayoutEffect(() => {
    // Not yet when the router shows an earlier one of two changes.
    if (shown === addressQuery().toString()) setAhead(null);
  }, [shown]);
  const text = ahead ?? shown;
  const query = useMemo(() => parseQuery(new URLSearchParams(text)), [text]);
  const change = useCallback((change: Partial<ListQuery>, how: How = 'push') => {
    // From the address and not from the last render: two changes can come between two renders.
    const next = queryString({ ...parseQuery(addressQuery()), ...change });
    setAddressQuery(next, how === 'push' ? 'push' : 'replace');
    if (how !== 'follow') setAhead(new URLSearchParams(next).toString());
  }, []);
  return [query, change];
}
