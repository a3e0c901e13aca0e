/** The question whether a session ends although something is not saved; `SignOutDialog` asks it. */
export type Leaving = {
  /** Tasks with changes that would be lost, at this moment. */
  count: number;
  /** Ends the session, or keeps it. */
  answer: (isSure: boolean) => void;
};

let open: Leaving | null = null;
const listeners = new Set<() => void>();

function set(next: Leaving | null): void {
  open = next;
  for (const listener of listeners) listener();
}

/**
 * Asks whether the session ends with something unsaved. While nobody has answered, `unsaved` is asked again
 * and again: when everything is saved after all, nothing is lost, and the answer is yes.
 */
export async function askBeforeLosing(
  count: number,
  unsaved: () => Promise<number>,
  pause: () => Promise<void>,
): Promise<boolean> {
  let answered: boolean | null = null;
  const answer = (isSure: boolean) => {
    answered ??= isSure;
    set(null);
  };
  for (let left = count; answered === null; left = await unsaved()) {
    if (left === 0) answer(true);
    else {
      if (open?.count !== left || open.answer !== answer) set({ count: left, answer });
      await pause();
    }
  }
  return answered;
}

export const leaving = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  current: (): Leaving | null => open,
};
