'use client';

import { useSearchParams } from 'next/navigation';
import { SHOWN, type Shown } from './notification';

/** The address of a list of notifications, with a task beside it or without one. */
export function addressOf(shown: Shown, task: string | null): string {
  const parameters = new URLSearchParams();
  if (shown !== 'inbox') parameters.set('show', shown);
  if (task) parameters.set('task', task);
  return `/inbox/${parameters.size > 0 ? `?${parameters}` : ''}`;
}

/** Which list the address names, the task that is open beside it, and how another task is opened. */
export function useInboxAddress() {
  const parameters = useSearchParams();
  const shown = SHOWN.find((known) => known === parameters.get('show')) ?? 'inbox';
  const reference = parameters.get('task');
  function go(task: string | null, how: 'push' | 'replace' = 'replace') {
    const url = addressOf(shown, task);
    if (how === 'push') history.pushState(null, '', url);
    else history.replaceState(null, '', url);
  }
  return { shown, reference, go };
}
