'use client';

import { useSearchParams } from 'next/navigation';
import { useCallback, useMemo } from 'react';
import { type ListQuery, parseQuery, queryString } from './list-query';

/**
 * The query in the address of the page, and a change to it. A step that people would go back from is an
 * entry of the history; a keystroke of the search is none.
 */
export function useListQuery(): [ListQuery, (change: Partial<ListQuery>, how?: 'push' | 'replace') => void] {
  const parameters = useSearchParams();
  const query = useMemo(() => parseQuery(new URLSearchParams(parameters)), [parameters]);
  const change = useCallback((change: Partial<ListQuery>, how: 'push' | 'replace' = 'push') => {
    // From the address and not from the last render: two changes can come between two renders.
    const current = parseQuery(new URLSearchParams(location.search));
    const url = `${location.pathname}${queryString({ ...current, ...change })}`;
    if (how === 'push') history.pushState(null, '', url);
    else history.replaceState(null, '', url);
  }, []);
  return [query, change];
}
