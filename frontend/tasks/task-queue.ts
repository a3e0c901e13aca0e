import { api, body } from '@/api/client';
import { ApiProblem } from '@/api/problem';
import { toast, toastProblem } from '@/components/toast-store';
import { messages } from '@/messages/language';
import { outbox } from '@/offline/outbox';
import { askWhichText } from './conflict-store';
import { EditQueue } from './edit-queue';
import type { EditListener, EditTransport } from './edit-transport';
import { remember } from './history';
import { changeOf, type EditField, fieldsOf, type Task } from './task';
import { tasks } from './task-store';

/** The header that makes a change depend on a version. */
export function ifMatch(version: number): string {
  return `"${version}"`;
}

/** The names of fields in the language of the page, each once. */
export function names(fields: EditField[]): string {
  return [...new Set(fields.map((field) => messages().fields[field]))].join(', ');
}

/** The response of a request that depends on versions; `stale` when one of them is not the newest. */
export async function unlessStale<T>(request: Promise<T>): Promise<T | 'stale'> {
  try {
    return await request;
  } catch (problem) {
    if (problem instanceof ApiProblem && problem.status === 412) return 'stale';
    throw problem;
  }
}

/** Tasks as they are now, at most 100. Deleted ones are missing. */
export async function fetchTasks(ids: string[]): Promise<Task[]> {
  return (await body(api.GET('/api/tasks', { params: { query: { ids: ids.join() } } }))).items;
}

/** One tab of this browser at a time changes a task: the others would only find another version. */
async function oneTabAtATime<T>(task: string, work: () => Promise<T>): Promise<T> {
  return navigator.locks ? navigator.locks.request(`miyabi-task ${task}`, work) : work();
}

/** Whether the same request can succeed later. 500 is a fault that it meets again. */
export function isTemporary(error: unknown): boolean {
  return error instanceof ApiProblem && error.isTemporary && error.status !== 500;
}

const transport: EditTransport = {
  patch({ task, edit }) {
    const params = { path: { task_id: task.id }, header: { 'If-Match': ifMatch(task.version) } };
    const change = changeOf(edit, task);
    return oneTabAtATime(task.id, () =>
      unlessStale(body(api.PATCH('/api/tasks/{task_id}', { params, body: change }))),
    );
  },
  async patchAll(changes) {
    const items = changes.map(({ task, edit }) => ({
      id: task.id,
      version: task.version,
      change: changeOf(edit, task),
    }));
    const params = { header: { 'Idempotency-Key': crypto.randomUUID() } };
    const answer = await unlessStale(body(api.POST('/api/tasks/bulk', { params, body: { items } })));
    return answer === 'stale' ? answer : answer.items;
  },
  fetchAll: fetchTasks,
  fetch: (id) => body(api.GET('/api/tasks/{task_id}', { params: { path: { task_id: id } } })),
  isTemporary,
};

const listener: EditListener = {
  async choose(task, conflict) {
    const chosen = await askWhichText(task, conflict);
    if (chosen === null) {
      const { field, mine } = conflict;
      const action = { what: names([field]), undo: () => queue.edit(task.id, { [field]: mine }) };
      toast({ text: messages().conflict.keptTheirs, undo: remember(action) });
    }
    return chosen;
  },
  overwritten(task, fields, theirs) {
    const action = { what: names(fields), undo: () => queue.edit(task.id, theirs) };
    toast({ text: messages().tasks.overwritten(names(fields)), undo: remember(action) });
  },
  failed(id, edit, error) {
    const title = tasks.confirmedTask(id)?.title ?? messages().task.label;
    if (error instanceof ApiProblem && error.status === 404) tasks.remove(id);
    const retry = () => queue.edit(id, edit);
    toastProblem(messages().tasks.failed(`${title}: ${names(fieldsOf(edit))}`), error, retry);
  },
};

/** The edits of this page. */
export const queue = new EditQueue(tasks, transport, listener, outbox);
