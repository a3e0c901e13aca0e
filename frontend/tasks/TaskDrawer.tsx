'use client';

import { type ReactNode, useEffect, useRef } from 'react';
import { Avatar, nameOf } from '@/components/Avatar';
import { Glyph, PriorityGlyph, StatusGlyph } from '@/components/icons';
import { ProblemNote } from '@/components/ProblemNote';
import { SkeletonRows } from '@/components/SkeletonRows';
import { toast } from '@/components/toast-store';
import { useCommands } from '@/keyboard/commands';
import { Faces } from '@/live/Faces';
import { ago, moment } from '@/messages/dates';
import { useLanguage, useMessages } from '@/messages/language';
import { useMay } from '@/session/session';
import { DueDay } from './DueDay';
import { dueDay } from './due-date';
import type { PickedField } from './FieldPicker';
import { LabelChip } from './LabelChip';
import { TaskComments } from './TaskComments';
import { TextField } from './TextField';
import { isOpen, type Task } from './task';
import { deleteTasks } from './task-actions';
import { toggleDone } from './task-commands';
import { tasks } from './task-store';
import { useTask } from './use-tasks';

type Pick = (field: PickedField, ids: string[]) => void;

function focusField(field: 'title' | 'description'): void {
  const element = document.getElementById(`task-${field}`) as HTMLTextAreaElement | null;
  element?.focus();
  element?.setSelectionRange(element.value.length, element.value.length);
}

/** One task, beside the list and without covering it: J and K go on while it is open. */
export function TaskDrawer({ id, close, pick }: { id: string; close: () => void; pick: Pick }) {
  const m = useMessages();
  const { task, problem, reload } = useTask(id);
  const panel = useRef<HTMLElement>(null);
  useCommands([
    { id: 'rename', label: m.keys.rename, group: m.keys.onTask, keys: ['r'], run: () => focusField('title') },
    {
      id: 'edit',
      label: m.keys.edit,
      group: m.keys.onTask,
      keys: ['e'],
      run: () => focusField('description'),
    },
  ]);
  // On a page of its own, the focus goes with the eyes; beside the list it stays there.
  useEffect(() => {
    if (!matchMedia('(min-width: 64rem)').matches) panel.current?.focus();
  }, []);
  const isGone = !task || problem?.status === 404;
  return (
    <aside
      ref={panel}
      tabIndex={-1}
      aria-label={m.task.label}
      className="drawer flex min-h-0 w-full shrink-0 flex-col border-line bg-page outline-none lg:w-120 lg:border-l"
    >
      {/* On a page of its own, the list and its heading are hidden. */}
      <h1 className="sr-only lg:hidden">{task?.title ?? m.task.label}</h1>
      <DrawerBar id={id} task={isGone ? undefined : task} close={close} />
      {problem?.status === 404 ? (
        <p className="p-4 text-muted">{m.task.gone}</p>
      ) : task && (!problem || task.description !== undefined) ? (
        // What was read before is shown, also without a network.
        <DrawerBody task={task} pick={pick} />
      ) : problem ? (
        <ProblemNote problem={problem} retry={reload} />
      ) : (
        <SkeletonRows label={m.app.loading} />
      )}
    </aside>
  );
}

function DrawerBar({ id, task, close }: { id: string; task: Task | undefined; close: () => void }) {
  const m = useMessages();
  const mayWrite = useMay('tasks.write');
  const mayDelete = useMay('tasks.delete');
  async function copyLink() {
    await navigator.clipboard.writeText(`${location.origin}/tasks/?status=all&task=${id}`);
    toast({ text: m.task.copied });
  }
  return (
    <div className="flex h-11 shrink-0 items-center gap-1 border-line border-b px-2">
      {task && mayWrite && (
        <button
          type="button"
          className="button"
          onClick={() => toggleDone([id], (other) => tasks.get(other))}
        >
          <Glyph name="check" />
          {isOpen(task) ? m.tasks.done : m.tasks.reopen}
        </button>
      )}
      <span className="grow truncate px-1 text-muted text-xs">
        {tasks.isPending(id) ? m.task.unsaved : ''}
      </span>
      {task && <Faces task={id} />}
      {task && (
        <button
          type="button"
          className="icon-button"
          aria-label={m.task.copyLink}
          title={m.task.copyLink}
          onClick={() => void copyLink()}
        >
          <Glyph name="link" />
        </button>
      )}
      {task && mayDelete && (
        <button
          type="button"
          className="icon-button"
          aria-label={m.tasks.remove}
          title={`${m.tasks.remove} #`}
          onClick={() => {
            close();
            void deleteTasks([id]);
          }}
        >
          <Glyph name="trash" />
        </button>
      )}
      <button
        type="button"
        className="icon-button"
        aria-label={m.task.close}
        title={`${m.task.close} Esc`}
        onClick={close}
      >
        <Glyph name="close" />
      </button>
    </div>
  );
}

function DrawerBody({ task, pick }: { task: Task; pick: Pick }) {
  const m = useMessages();
  const language = useLanguage();
  const mayWrite = useMay('tasks.write');
  const mayAssign = useMay('tasks.assign');
  const field = (name: PickedField, label: string, children: ReactNode, may = mayWrite) => (
    <Field label={label} onClick={may ? () => pick(name, [task.id]) : undefined}>
      {children}
    </Field>
  );
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
      <div className="my-2 border-line border-y py-1">
        {field(
          'status',
          m.task.status,
          <>
            <StatusGlyph status={task.status} /> {m.status[task.status]}
          </>,
        )}
        {field(
          'priority',
          m.task.priority,
          <>
            <PriorityGlyph priority={task.priority} /> {m.priority[task.priority]}
          </>,
        )}
        {field(
          'assignee',
          m.task.assignee,
          task.assignee ? (
            <>
              <Avatar person={task.assignee} /> {nameOf(task.assignee)}
            </>
          ) : (
            <span className="text-muted">{m.tasks.pick.nobody}</span>
          ),
          mayWrite && mayAssign,
        )}
        {field(
          'labels',
          m.task.labels,
          task.labels.length > 0 ? (
            <span className="flex flex-wrap gap-1">
              {task.labels.map((label) => (
                <LabelChip key={label.id} label={label} />
              ))}
            </span>
          ) : (
            <span className="text-muted">{m.task.none}</span>
          ),
        )}
        {field(
          'due',
          m.task.due,
          dueDay(task) ? <DueDay task={task} /> : <span className="text-muted">{m.tasks.pick.noDue}</span>,
        )}
      </div>
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
      <TaskComments id={task.id} />
    </div>
  );
}

function Field({ label, onClick, children }: { label: string; onClick?: () => void; children: ReactNode }) {
  const value = <span className="flex min-h-7 min-w-0 grow items-center gap-2 px-2 py-0.5">{children}</span>;
  return (
    <div className="flex items-start">
      <span className="w-24 shrink-0 px-2 py-1 text-muted">{label}</span>
      {onClick ? (
        <button
          type="button"
          className="flex min-w-0 grow rounded text-left hover:bg-hover pointer-coarse:min-h-11 pointer-coarse:items-center"
          onClick={onClick}
        >
          <span className="sr-only">{label}: </span>
          {value}
        </button>
      ) : (
        value
      )}
    </div>
  );
}
