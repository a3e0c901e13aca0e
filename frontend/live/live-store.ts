'use client';

import { useSyncExternalStore } from 'react';
import type { PersonAt } from './protocol';

/** How the page hears of what others do. `off`: this stage has no live updates. */
export type LiveState = 'off' | 'connecting' | 'live' | 'reconnecting';

/** Presence that nobody renews ends, in milliseconds: the server forgets somebody after 30 seconds. */
const PRESENT_FOR = 35_000;

let state: LiveState = 'off';
let people: readonly PersonAt[] = [];
let forgetting: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

function changed(): void {
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Sets the state of the connection. */
export function setLiveState(next: LiveState): void {
  if (state === next) return;
  state = next;
  changed();
}

/** Sets who is where. */
export function setPeople(next: readonly PersonAt[]): void {
  people = next;
  clearTimeout(forgetting);
  if (next.length > 0) forgetting = setTimeout(() => setPeople([]), PRESENT_FOR);
  changed();
}

/** The state of the connection. */
export function useLiveState(): LiveState {
  return useSyncExternalStore(
    subscribe,
    () => state,
    () => 'off',
  );
}

/** The ids of people who look at a task, the reader among them, joined by commas. */
export function useIdsAt(task: string): string {
  return useSyncExternalStore(
    subscribe,
    () =>
      people
        .filter(({ at }) => at === `task:${task}`)
        .map(({ user_id }) => user_id)
        .join(),
    () => '',
  );
}
