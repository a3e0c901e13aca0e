import { api, body, type Schema } from '@/api/client';
import { ApiProblem } from '@/api/problem';
import { toast, toastProblem } from '@/components/toast-store';
import { messages } from '@/messages/language';
import { arrive } from './arrivals';
import { askWhichText } from './conflict-store';
import { EditQueue } from './edit-queue';
import { remember, undo } from './history';
import { changeOf, type EditField, fieldsOf, type Task, type TaskEdit, valuesOf } from './task';
import { tasks } from './task-store';

/** The header that makes a change depend on a version. */
export function ifMatch(version: number): string {
  return `"${version}"`;
}

function names(fields: EditField[]): string {
  return fields.map((field) => messages().fields[field]).join(', ');
}

const queue = new EditQueue(
  tasks,
  {
    async patch(id, version, edit) {
      const params = { path: { task_id: id }, header: { 'If-Match': ifMatch(version) } };
      try {
        return await body(api.PATCH('/api/tasks/{task_id}', { params, body: changeOf(edit) }));
      } catch (problem) {
        if (problem instanceof ApiProblem && problem.status === 412) return 'stale';
        throw problem;
      }
    },
    fetch: (id) => body(api.GET('/api/tasks/{task_id}', { params: { path: { task_id: id } } })),
  },
  {
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
    failed(task, edit, error) {
      if (error instanceof ApiProblem && error.status === 404) tasks.remove(task.id);
      const retry = () => queue.edit(task.id, edit);
      toastProblem(messages().tasks.failed(`${task.title}: ${names(fieldsOf(edit))}`), error, retry);
    },
  },
);

const derived = new Set<() => void>();

/** Calls back when what the server derives from tasks has changed: counters, the audit trail, the trash. */
export function onDerivedChange(listener: () => void): () => void {
  derived.add(listener);
  return () => derived.delete(listener);
}

/** Says that it has. */
export function refreshDerived(): void {
  for (const listener of derived) listener();
}

/** Edits one task, at once on the screen; can be undone. */
export function editTask(id: string, edit: TaskEdit, from?: TaskEdit): void {
  editTasks([id], () => edit, from);
}

/** Edits several tasks as one action. Tasks for which `edit` returns null stay as they are. */
export function editTasks(ids: string[], edit: (task: Task) => TaskEdit | null, from?: TaskEdit): void {
  const inverse = new Map<string, TaskEdit>();
  let changed: EditField[] = [];
  for (const id of ids) {
    const task = tasks.get(id);
    const change = task && edit(task);
    if (!task || !change) continue;
    inverse.set(id, { ...valuesOf(task, change), ...from });
    changed = fieldsOf(change);
    queue.edit(id, change, from);
  }
  if (inverse.size === 0) return;
  remember({
    what: names(changed),
    undo() {
      for (const [id, values] of inverse) queue.edit(id, values);
    },
  });
  void queue.idle().then(refreshDerived);
}

/** Creates a task. The key makes a repeated request return the same task. */
export async function createTask(task: Schema['NewTask'], key: string): Promise<Task> {
  const params = { header: { 'Idempotency-Key': key } };
  const created = await body(api.POST('/api/tasks', { params, body: task }));
  tasks.receive(created);
  arrive([created.id]);
  const action = remember({ what: created.title, undo: () => removeQuietly([created.id]) });
  toast({ text: messages().tasks.createDone(created.title), undo: action });
  refreshDerived();
  return created;
}

/** Deletes tasks, at once on the screen; the way back is `Undo`, and later the trash. */
export async function deleteTasks(ids: string[]): Promise<void> {
  const deleted = await removeQuietly(ids);
  if (deleted.length === 0) return;
  const action = remember({
    what: messages().tasks.removed(deleted.length),
    undo: () => restoreTasks(deleted),
  });
  toast({ text: action.what, undo: action });
}

async function removeQuietly(ids: string[]): Promise<string[]> {
  for (const id of ids) tasks.remove(id);
  const deleted: string[] = [];
  for (const id of ids) {
    try {
      await api.DELETE('/api/tasks/{task_id}', { params: { path: { task_id: id } } });
      deleted.push(id);
    } catch (problem) {
      tasks.unremove(id);
      toastProblem(messages().tasks.failed(tasks.get(id)?.title ?? id), problem);
    }
  }
  refreshDerived();
  return deleted;
}

/** Restores deleted tasks. */
export async function restoreTasks(ids: string[]): Promise<void> {
  for (const id of ids) {
    try {
      const params = { path: { task_id: id } };
      tasks.receive(await body(api.POST('/api/tasks/{task_id}/restore', { params })));
      tasks.unremove(id);
      arrive([id]);
    } catch (problem) {
      toastProblem(messages().tasks.failed(messages().trash.restore), problem);
    }
  }
  refreshDerived();
}

/** Undoes the last action and says so. */
export async function undoLast(): Promise<void> {
  const done = await undo();
  toast({ text: done ? messages().tasks.undone : messages().tasks.nothingToUndo });
}
