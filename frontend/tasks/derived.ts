const listeners = new Set<() => void>();

/** Calls back when what the server derives from tasks has changed: counters, the audit trail, the trash. */
export function onDerivedChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Announces that it has. */
export function refreshDerived(): void {
  for (const listener of listeners) listener();
}
