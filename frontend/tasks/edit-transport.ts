import type { TextConflict } from './merge-edit';
import type { EditField, Task, TaskEdit } from './task';

/** A change to a task, made from a version. */
export type VersionedEdit = { task: Task; edit: TaskEdit };

/** What the queue needs of the world; the tests give it a server of their own. */
export type EditTransport = {
  /** Sends a change made from a version. `stale`: the task has another version by now. */
  patch(change: VersionedEdit): Promise<Task | 'stale'>;
  /** Sends several in one request, all or none; at most 100. */
  patchAll(changes: VersionedEdit[]): Promise<Task[] | 'stale'>;
  /** Tasks as they are now. Deleted ones are missing. */
  fetchAll(ids: string[]): Promise<Task[]>;
  /** One of them with its description. */
  fetch(id: string): Promise<Task>;
  /** Whether the same request can succeed later: without a network, or when the service is busy. */
  isTemporary(error: unknown): boolean;
};

/** An edit that the server has not confirmed, with the values that it was made from. */
export type UnsentEdit = { task: string; edit: TaskEdit; from: TaskEdit };

/** Where edits wait outside of this page, so that none is lost with it: offline/outbox.ts. */
export type Outbox = {
  /** Resolves when they are stored. */
  put(edits: UnsentEdit[]): Promise<void>;
  /** Forgets what was confirmed or refused. */
  remove(tasks: string[]): Promise<void>;
};

/** What the queue reports to people. */
export type EditListener = {
  /** Asks which text is saved; null: theirs. */
  choose(task: Task, conflict: TextConflict): Promise<string | null>;
  /** Mine replaced what somebody else had set at the same time. */
  overwritten(task: Task, fields: EditField[], theirs: TaskEdit): void;
  /** The edit was not saved and is no longer shown. */
  failed(id: string, edit: TaskEdit, error: unknown): void;
};
