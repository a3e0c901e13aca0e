import { api, body, type Schema } from '@/api/client';
import { openOverlay } from '@/components/overlay-store';
import { toastProblem } from '@/components/toast-store';
import { messages } from '@/messages/language';
import { outbox } from '@/offline/outbox';
import { arrive } from './arrivals';
import { CreationQueue, type Typed } from './creation-queue';
import { refreshDerived } from './derived';
import { keepDraft, moveDrafts, NEW_TASK } from './drafts';
import type { Task, TaskEdit } from './task';
import { isTemporary, queue } from './task-queue';
import { tasks } from './task-store';

/** The new tasks of this page. */
export const creations = new CreationQueue(
  tasks,
  {
    create(task, key) {
      const params = { header: { 'Idempotency-Key': key } };
      return body(api.POST('/api/tasks', { params, body: task }));
    },
    isTemporary,
  },
  {
    async created({ id }, task) {
      tasks.accept(id, task);
      arrive([task.id]);
      moveDrafts(id, task.id);
      const followed = queue.follow(id, task.id);
      refreshDerived();
      await followed;
    },
    unwanted({ id }) {
      tasks.remove(id);
      api
        .DELETE('/api/tasks/{task_id}', { params: { path: { task_id: id } } })
        .then(refreshDerived, (problem) => {
          tasks.unremove(id);
          toastProblem(messages().tasks.failed(messages().tasks.remove), problem);
        });
    },
    refused(creation, problem) {
      const { id, task } = creation;
      const typed = typedWith(creation.typed, queue.giveUp(id));
      void outbox.putCreation({ ...creation, typed });
      toastProblem(messages().tasks.failed(typed.line || task.title), problem, () => {
        keepTyped(typed);
        creations.forget(id);
        openOverlay('create');
      });
    },
  },
  outbox,
);

/** Keeps what was typed for a new task, for the fields of its dialog. */
export function keepTyped({ line, description }: Typed): void {
  keepDraft(NEW_TASK, 'line', line ? { text: line, from: '' } : null);
  keepDraft(NEW_TASK, 'description', description ? { text: description, from: '' } : null);
}

/** What was typed, with what was changed since, as quick add reads it. */
export function typedWith({ line, description }: Typed, edit: TaskEdit): Typed {
  const words = [
    edit.title ?? line,
    edit.priority && `!${edit.priority}`,
    edit.assignee && `@${edit.assignee.login}`,
    edit.due_on && `^${edit.due_on}`,
    ...(edit.labels ?? []).flatMap(({ name }) => (/\s/.test(name) ? [] : `#${name}`)),
  ];
  return { line: words.filter(Boolean).join(' '), description: edit.description ?? description };
}

/** Shows a new task and sends it. Returns the id that it has in this browser. */
export function create(
  task: Schema['NewTask'],
  shown: Pick<Task, 'assignee' | 'labels' | 'created_by'>,
  typed: Typed,
): string {
  const id = crypto.randomUUID();
  const now = new Date().toISOString();
  creations.add({
    id,
    body: task,
    typed,
    task: {
      id,
      number: 0,
      key: '',
      title: task.title,
      description: task.description ?? '',
      status: task.status ?? 'pending',
      priority: task.priority ?? 'p2',
      due_on: task.due_on ?? null,
      due_at: null,
      parent_id: null,
      project_id: task.project_id ?? null,
      sub_tasks: { done: 0, total: 0 },
      comments: 0,
      // The last place in the order that people make, as the server gives a new task.
      rank: '~',
      version: 0,
      created_at: now,
      updated_at: now,
      ...shown,
    },
  });
  arrive([id]);
  return id;
}

/** Deletes a task that the server does not have yet. Returns what creates it again; null for other tasks. */
export function withdraw(id: string): (() => void) | null {
  if (!tasks.isProposed(id)) return null;
  const creation = creations.withdraw(id);
  const edit = queue.giveUp(id);
  // A drawer that shows it closes.
  tasks.remove(id);
  return () => {
    if (!creation) return;
    const { body: task, typed } = creation;
    const { assignee, labels, created_by } = creation.task;
    queue.edit(create(task, { assignee, labels, created_by }, typed), edit);
  };
}
