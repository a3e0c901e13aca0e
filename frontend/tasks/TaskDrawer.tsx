'use client';

import { type ReactNode, useEffect, useRef } from 'react';
import { nameOf } from '@/components/Avatar';
import { useAfterPaint } from '@/components/after-paint';
import { ProblemNote } from '@/components/ProblemNote';
import { SkeletonRows } from '@/components/SkeletonRows';
import { useCommands } from '@/keyboard/commands';
import { ago, moment } from '@/messages/dates';
import { useLanguage, useMessages } from '@/messages/language';
import { useMay } from '@/session/session';
import { DrawerBar } from './DrawerBar';
import type { PickedField } from './FieldPicker';
import { TaskComments } from './TaskComments';
import { TaskFields } from './TaskFields';
import { TextField } from './TextField';
import type { Task } from './task';
import { tasks } from './task-store';
import type { TaskReference } from './use-task-reference';
import { useTask } from './use-tasks';

type Pick = (field: PickedField, ids: string[]) => void;

function focusField(field: 'title' | 'description'): void {
  const element = document.getElementById(`task-${field}`) as HTMLTextAreaElement | null;
  element?.focus();
  element?.setSelectionRange(element.value.length, element.value.length);
}

/** One task, beside the list and without covering it: J and K go on while it is open. */
export function TaskDrawer({
  opened,
  close,
  pick,
  editKey = 'e',
}: {
  opened: TaskReference;
  close: () => void;
  pick: Pick;
  /** The key that edits the description; null where it has another meaning. */
  editKey?: string | null;
}) {
  const m = useMessages();
  if (opened.id)
    return (
      <OpenTask key={tasks.firstId(opened.id)} id={opened.id} close={close} pick={pick} editKey={editKey} />
    );
  return (
    <Panel title={m.task.label}>
      <DrawerBar task={undefined} close={close} />
      {opened.isMissing ? (
        <p className="p-4 text-muted">{m.task.gone}</p>
      ) : opened.problem ? (
        <ProblemNote problem={opened.problem} retry={opened.reload} />
      ) : (
        <SkeletonRows label={m.app.loading} />
      )}
    </Panel>
  );
}

function Panel({ title, children }: { title: string; children: ReactNode }) {
  const m = useMessages();
  const panel = useRef<HTMLElement>(null);
  // On a page of its own, the focus goes with the eyes; beside the list it stays there.
  useEffect(() => {
    if (!matchMedia('(min-width: 64rem)').matches) panel.current?.focus();
  }, []);
  return (
    <aside
      ref={panel}
      tabIndex={-1}
      aria-label={m.task.label}
      className="drawer flex min-h-0 w-full shrink-0 flex-col border-line bg-page outline-none lg:w-120 lg:border-l"
    >
      {/* On a page of its own, the list and its heading are hidden. */}
      <h1 className="sr-only lg:hidden">{title}</h1>
      {children}
    </aside>
  );
}

function OpenTask({
  id,
  close,
  pick,
  editKey,
}: {
  id: string;
  close: () => void;
  pick: Pick;
  editKey: string | null;
}) {
  const m = useMessages();
  const { task, problem, reload } = useTask(id);
  // What is below, and what nobody looks for first, is drawn with the next frame.
  const isPainted = useAfterPaint();
  useCommands([
    { id: 'rename', label: m.keys.rename, group: m.keys.onTask, keys: ['r'], run: () => focusField('title') },
    {
      id: 'edit',
      label: m.keys.edit,
      group: m.keys.onTask,
      keys: editKey ? [editKey] : [],
      run: () => focusField('description'),
    },
  ]);
  const isGone = !task || problem?.status === 404;
  return (
    <Panel title={task?.title ?? m.task.label}>
      <DrawerBar task={isGone ? undefined : task} close={close} isPainted={isPainted} />
      {problem?.status === 404 ? (
        <p className="p-4 text-muted">{m.task.gone}</p>
      ) : task && (!problem || task.description !== undefined) ? (
        // What was read before is shown, also without a network.
        <DrawerBody task={task} pick={pick} isPainted={isPainted} />
      ) : problem ? (
        <ProblemNote problem={problem} retry={reload} />
      ) : (
        <SkeletonRows label={m.app.loading} />
      )}
    </Panel>
  );
}

function DrawerBody({ task, pick, isPainted }: { task: Task; pick: Pick; isPainted: boolean }) {
  const m = useMessages();
  const language = useLanguage();
  const mayWrite = useMay('tasks.write');
  return (
    <div className="min-h-0 grow overflow-y-auto px-3 py-3">
      <TextField
        id={task.id}
        field="title"
        value={task.title}
        label={m.task.title}
        className="font-semibold text-lg leading-7"
        isReadOnly={!mayWrite}
      />
      <TaskFields task={task} pick={pick} />
      {task.description === undefined ? (
        <SkeletonRows label={m.app.loading} />
      ) : (
        <TextField
          id={task.id}
          field="description"
          value={task.description}
          label={m.task.description}
          placeholder={m.task.descriptionHint}
          className="min-h-24"
          isReadOnly={!mayWrite}
        />
      )}
      <p className="mt-1 px-2 text-muted text-xs">
        <span title={moment(task.created_at, language)}>
          {m.task.created(nameOf(task.created_by), ago(task.created_at, language))}
        </span>
        {task.version > 1 && (
          <span title={moment(task.updated_at, language)}>
            {' '}
            · {m.task.updated(ago(task.updated_at, language))}
          </span>
        )}
      </p>
      {isPainted && !tasks.isProposed(task.id) && <TaskComments id={task.id} />}
    </div>
  );
}
