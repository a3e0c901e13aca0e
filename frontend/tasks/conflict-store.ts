import type { TextConflict } from './merge-edit';
import type { Task } from './task';

/** Conflicts that wait for a person, one after the other; `ConflictDialog` shows the first. */
export type OpenConflict = { task: Task; conflict: TextConflict; answer: (text: string | null) => void };

let open: readonly OpenConflict[] = [];
const listeners = new Set<() => void>();

function set(next: readonly OpenConflict[]): void {
  open = next;
  for (const listener of listeners) listener();
}

/** Asks which text is saved; null: the one that somebody else saved. */
export function askWhichText(task: Task, conflict: TextConflict): Promise<string | null> {
  return new Promise((resolve) => {
    const entry: OpenConflict = {
      task,
      conflict,
      answer(text) {
        set(open.filter((other) => other !== entry));
        resolve(text);
      },
    };
    set([...open, entry]);
  });
}

export const conflicts = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  current: (): OpenConflict | undefined => open[0],
};
