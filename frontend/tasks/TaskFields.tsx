'use client';

import type { ReactNode } from 'react';
import { Avatar, nameOf } from '@/components/Avatar';
import { PriorityGlyph, StatusGlyph } from '@/components/icons';
import { useMessages } from '@/messages/language';
import { ProjectName } from '@/projects/ProjectName';
import { useMay } from '@/session/session';
import { DueDay } from './DueDay';
import { dueDay } from './due-date';
import type { PickedField } from './FieldPicker';
import { LabelChip } from './LabelChip';
import type { Task } from './task';

/** The fields of an open task that are chosen from a list, each a button that opens it. */
export function TaskFields({
  task,
  pick,
}: {
  task: Task;
  pick: (field: PickedField, ids: string[]) => void;
}) {
  const m = useMessages();
  const mayWrite = useMay('tasks.write');
  const mayAssign = useMay('tasks.assign');
  const field = (name: PickedField, label: string, children: ReactNode, may = mayWrite) => (
    <Field label={label} onClick={may ? () => pick(name, [task.id]) : undefined}>
      {children}
    </Field>
  );
  const none = (text: string) => <span className="text-muted">{text}</span>;
  return (
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
          none(m.tasks.pick.nobody)
        ),
        mayWrite && mayAssign,
      )}
      {field(
        'project',
        m.task.project,
        task.project_id ? <ProjectName id={task.project_id} /> : none(m.task.none),
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
          none(m.task.none)
        ),
      )}
      {field('due', m.task.due, dueDay(task) ? <DueDay task={task} /> : none(m.tasks.pick.noDue))}
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
