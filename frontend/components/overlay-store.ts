'use client';

import { useSyncExternalStore } from 'react';

/** What lies over the page, opened by a key or a button anywhere: one at a time. */
export type Overlay = 'palette' | 'sheet' | 'create' | null;

let open: Overlay = null;
const listeners = new Set<() => void>();

/** Opens one, or closes it. */
export function openOverlay(overlay: Overlay): void {
  open = overlay;
  for (const listener of listeners) listener();
}

/** The one that is open. */
export function useOverlay(): Overlay {
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return useSyncExternalStore(
    subscribe,
    () => open,
    () => null,
  );
}
