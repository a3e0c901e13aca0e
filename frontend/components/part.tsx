'use client';

import { type ComponentType, type ReactNode, useSyncExternalStore } from 'react';

type State<Props> = { Component?: ComponentType<Props>; failure?: { cause: unknown } };

/**
 * A part of a page whose script is loaded when it is first shown, or before by `preload`.
 *
 * Unlike `next/dynamic` it does not suspend: React holds back what comes out of a Suspense boundary for up to
 * 300 ms after the last fallback, once for each boundary inside another. A script that cannot be loaded when
 * it is shown is an error of the page. `waiting` stands for it until it is loaded.
 */
export function part<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  waiting: ReactNode = null,
) {
  let state: State<Props> = {};
  let underWay: Promise<void> | null = null;
  const listeners = new Set<() => void>();

  function set(next: State<Props>): void {
    state = next;
    for (const listener of listeners) listener();
  }
  function attempt(): Promise<void> {
    underWay ??= load().then(
      (Component) => set({ Component }),
      (cause: unknown) => {
        underWay = null;
        throw cause;
      },
    );
    return underWay;
  }
  /** Loads it before it is shown; what fails, without a network above all, is tried again then. */
  function preload(): Promise<void> {
    return attempt().catch(() => {});
  }
  function subscribe(listener: () => void): () => void {
    listeners.add(listener);
    attempt().catch((cause: unknown) => set({ failure: { cause } }));
    return () => listeners.delete(listener);
  }

  function Part(props: Props) {
    const { Component, failure } = useSyncExternalStore(
      subscribe,
      () => state,
      () => state,
    );
    if (failure) throw failure.cause;
    return Component ? <Component {...props} /> : waiting;
  }
  return Object.assign(Part, { preload });
}
