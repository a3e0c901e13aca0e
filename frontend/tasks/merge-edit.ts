import { type EditField, fieldsOf, type Label, type Task, type TaskEdit } from './task';

/** The same text, written by two people. */
export type TextConflict = { field: 'title' | 'description'; mine: string; theirs: string };

export type Merge = {
  /** What is to be sent. */
  send: TaskEdit;
  /** Scalars that somebody else changed too: mine replaces theirs. */
  overwritten: EditField[];
  /** What only a person can decide. */
  conflicts: TextConflict[];
};

/**
 * Merges an edit into the task as it is now.
 *
 * `from` holds the values that the edit was made from. A field that is still as it was is sent. A field
 * that somebody else changed is a conflict when it is text, a union of both changes when it is the labels,
 * and otherwise mine wins and is reported. The place is mine without a word: its key also changes when others
 * make room.
 */
export function mergeEdit(mine: TaskEdit, from: TaskEdit, theirs: Task): Merge {
  const merge: Merge = { send: {}, overwritten: [], conflicts: [] };
  for (const field of fieldsOf(mine)) {
    const now = theirs[field] ?? null;
    if (field === 'after' || isSame(now, mine[field])) continue;
    if (field === 'labels') {
      merge.send.labels = mergeLabels(mine.labels ?? [], from.labels ?? [], theirs.labels);
    } else if (field === 'rank') {
      Object.assign(merge.send, { rank: mine.rank, after: mine.after });
    } else if (isSame(now, from[field])) {
      Object.assign(merge.send, { [field]: mine[field] });
    } else if (field === 'title' || field === 'description') {
      merge.conflicts.push({ field, mine: mine[field] ?? '', theirs: String(now ?? '') });
    } else {
      Object.assign(merge.send, { [field]: mine[field] });
      merge.overwritten.push(field);
    }
  }
  return merge;
}

function mergeLabels(mine: Label[], from: Label[], theirs: Label[]): Label[] {
  const has = (labels: Label[], id: string) => labels.some((label) => label.id === id);
  const kept = theirs.filter(({ id }) => has(mine, id) || !has(from, id));
  const added = mine.filter(({ id }) => !has(from, id) && !has(theirs, id));
  return [...kept, ...added];
}

/** Values of a field are compared as the API would: people and labels by their ids, moments as such. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(plain(a)) === JSON.stringify(plain(b));
}

function plain(value: unknown): unknown {
  if (value == null) return null;
  if (Array.isArray(value)) return value.map(plain).sort();
  if (typeof value === 'object' && 'id' in value) return value.id;
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)) return Date.parse(value);
  return value;
}
