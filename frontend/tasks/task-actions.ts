import type { Schema } from '@/api/client';
import { toast } from '@/components/toast-store';
import { messages } from '@/messages/language';
import type { Typed } from './creation-queue';
import { create } from './creations';
import { refreshDerived } from './derived';
import { remember, undo } from './history';
import { type Place, placeOf } from './place';
import { removeQuietly } from './removal';
import { fieldsOf, type Task, type TaskEdit, valuesOf } from './task';
import { names, queue } from './task-queue';
import { tasks } from './task-store';

export { onDerivedChange, refreshDerived } from './derived';
export { deleteTasks, restoreTasks } from './removal';
export { ifMatch } from './task-queue';

/** Edits one task, at once on the screen; can be undone. */
export function editTask(id: string, edit: TaskEdit, from?: TaskEdit): void {
  editTasks([id], () => edit, from);
}

/**
 * Edits several tasks as one action, in one request. Tasks for which `edit` returns null stay as they are.
 */
export function editTasks(ids: string[], edit: (task: Task) => TaskEdit | null, from?: TaskEdit): void {
  const edits = new Map<string, TaskEdit>();
  const inverse = new Map<string, TaskEdit>();
  // A new task that was chosen may have got the id of the server since.
  for (const id of ids.map((known) => tasks.currentId(known))) {
    const task = tasks.get(id);
    const change = task && edit(task);
    if (!task || !change) continue;
    edits.set(id, change);
    inverse.set(id, { ...valuesOf(task, change), ...from });
  }
  if (edits.size === 0) return;
  queue.editAll(edits, from);
  const changed = [...edits.values()].flatMap(fieldsOf);
  const undo = () => queue.editAll(new Map([...inverse].map(([id, edit]) => [tasks.currentId(id), edit])));
  remember({ what: names(changed), undo });
  void queue.idle().then(refreshDerived);
}

/** Puts a task into a place of the order that people make, with another change when one belongs to it; can be undone. */
export function placeTask(id: string, place: Place, edit: TaskEdit = {}): void {
  const task = tasks.get(id);
  if (!task) return;
  const before = { ...valuesOf(task, edit), ...placeOf(task, tasks.all()) };
  queue.edit(id, { ...edit, ...place });
  const undo = () => queue.edit(tasks.currentId(id), before);
  remember({ what: names(fieldsOf({ ...edit, rank: place.rank })), undo });
  void queue.idle().then(refreshDerived);
}

/** Creates a task, at once on the screen, also without a network; can be undone. */
export function createTask(
  task: Schema['NewTask'],
  shown: Pick<Task, 'assignee' | 'labels' | 'created_by'>,
  typed: Typed,
): void {
  const id = create(task, shown, typed);
  const undo = () => removeQuietly([tasks.currentId(id)]);
  toast({
    text: messages().tasks.createDone(task.title),
    undo: remember({ what: task.title, undo }),
  });
}

/** Undoes the last action and says so. */
export async function undoLast(): Promise<void> {
  const result = await undo();
  if (result === 'undone') toast({ text: messages().tasks.undone });
  else if (result === 'nothing') toast({ text: messages().tasks.nothingToUndo });
}
