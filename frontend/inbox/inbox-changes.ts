const listeners = new Set<() => void>();

/** Calls back when notifications of this person changed, here or elsewhere. Returns what stops that. */
export function onInboxChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Says that they did. */
export function inboxChanged(): void {
  for (const listener of listeners) listener();
}
