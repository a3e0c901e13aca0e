import type { Schema } from '@/api/client';
import { type Due, isOver } from './due-date';

export type Status = Schema['TaskStatus'];
export type Priority = Schema['TaskPriority'];
export type Person = Schema['Person'];
export type Label = Schema['TaskLabel'];
/** A task as lists have it, and with its description once it has been opened. */
export type Task = Schema['TaskSummary'] & {
  description?: string;
  /** Behind which task it was put, while the server has not confirmed that. */
  after?: string | null;
};

export const STATUSES: readonly Status[] = ['pending', 'in_progress', 'completed', 'failed', 'cancelled'];
export const OPEN: readonly Status[] = ['pending', 'in_progress'];
export const PRIORITIES: readonly Priority[] = ['p0', 'p1', 'p2', 'p3'];

/** What a status can change to: handlers/tasks/src/status.rs. */
const NEXT: Record<Status, readonly Status[]> = {
  pending: ['in_progress', 'completed', 'cancelled'],
  in_progress: ['pending', 'completed', 'failed', 'cancelled'],
  completed: ['pending', 'in_progress'],
  failed: ['pending', 'in_progress'],
  cancelled: ['pending'],
};

/** Whether a task of one status can change to another. */
export function canBecome(from: Status, to: Status): boolean {
  return from === to || NEXT[from].includes(to);
}

/** Whether there is still something to do. */
export function isOpen(task: Pick<Task, 'status'>): boolean {
  return OPEN.includes(task.status);
}

/** Whether it should be finished by now, for the reader. */
export function isOverdue(task: Pick<Task, 'status'> & Due, now = new Date()): boolean {
  return isOpen(task) && isOver(task, now);
}

/** A change to a task, in the terms of what is shown. Absent fields stay as they are. */
export type TaskEdit = {
  title?: string;
  description?: string;
  status?: Status;
  priority?: Priority;
  /** A day. Set together with `due_at: null`: a task has one of both. */
  due_on?: string | null;
  due_at?: string | null;
  assignee?: Person | null;
  labels?: Label[];
  project_id?: string | null;
  /** Place in the order that people make: the key that sorts, until the server gives one. Set together with `after`. */
  rank?: string;
  /** The task in front of it, null for none. */
  after?: string | null;
};
export type EditField = keyof TaskEdit;

/** The fields of an edit. */
export function fieldsOf(edit: TaskEdit): EditField[] {
  return Object.keys(edit) as EditField[];
}

/** The values that a task has in the fields of an edit. */
export function valuesOf(task: Task, edit: TaskEdit): TaskEdit {
  return Object.fromEntries(fieldsOf(edit).map((field) => [field, task[field] ?? null])) as TaskEdit;
}

/**
 * An edit of a task as the API takes it. Labels are added and removed: others may do that meanwhile. The key
 * of its place is the server's matter.
 */
export function changeOf(edit: TaskEdit, task: Task): Schema['TaskChange'] {
  const { assignee, labels, rank: _, ...rest } = edit;
  const change: Schema['TaskChange'] = { ...rest };
  if (assignee !== undefined) change.assignee_id = assignee?.id ?? null;
  if (labels !== undefined) {
    const without = (some: Label[], others: Label[]) =>
      some.filter(({ id }) => !others.some((other) => other.id === id)).map(({ id }) => id);
    change.add_label_ids = without(labels, task.labels);
    change.remove_label_ids = without(task.labels, labels);
  }
  return change;
}
