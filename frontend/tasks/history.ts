/** What can be undone: the last 50 actions, each with what takes it back. */
export type Action = { what: string; undo: () => unknown };

const LONGEST = 50;
const actions: Action[] = [];

/** Remembers an action. */
export function remember(action: Action): Action {
  actions.push(action);
  if (actions.length > LONGEST) actions.shift();
  return action;
}

/** Takes an action back, unless it was taken back already. Returns whether it did. */
export async function undo(action = actions.at(-1)): Promise<boolean> {
  const index = action ? actions.indexOf(action) : -1;
  if (!action || index < 0) return false;
  actions.splice(index, 1);
  await action.undo();
  return true;
}

/** Forgets all actions: another person or organization. */
export function forgetActions(): void {
  actions.length = 0;
}
