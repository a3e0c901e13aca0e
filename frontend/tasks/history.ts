/**
 * What can be undone: the last 50 actions, each with what takes it back. `undo` gives `false` when nothing was
 * taken back; the person was shown why.
 */
export type Action = { what: string; undo: () => unknown };

const LONGEST = 50;
const actions: Action[] = [];

/** Remembers an action. */
export function remember(action: Action): Action {
  actions.push(action);
  if (actions.length > LONGEST) actions.shift();
  return action;
}

/** Takes an action back, unless it was taken back already. */
export async function undo(action = actions.at(-1)): Promise<'undone' | 'failed' | 'nothing'> {
  const index = action ? actions.indexOf(action) : -1;
  if (!action || index < 0) return 'nothing';
  actions.splice(index, 1);
  return (await action.undo()) === false ? 'failed' : 'undone';
}

/** Forgets all actions: another person or organization. */
export function forgetActions(): void {
  actions.length = 0;
}
