/**
 * Texts that were typed and are not saved, by task and field: they survive the closing of the drawer, and
 * each remembers the text that it was made from.
 */
export type Draft = { text: string; from: string };

const drafts = new Map<string, Draft>();

/** The draft of a field, if there is one. */
export function draftOf(task: string, field: string): Draft | undefined {
  return drafts.get(`${task} ${field}`);
}

/** Keeps a draft; null: it was saved or given up. */
export function keepDraft(task: string, field: string, draft: Draft | null): void {
  if (draft) drafts.set(`${task} ${field}`, draft);
  else drafts.delete(`${task} ${field}`);
}
