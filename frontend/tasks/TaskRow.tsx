'use client';

import { memo, useSyncExternalStore } from 'react';
import { Avatar, nameOf } from '@/components/Avatar';
import { Glyph, PriorityGlyph, StatusGlyph } from '@/components/icons';
import { useMessages } from '@/messages/language';
import { DueDay } from './DueDay';
import type { PickedField } from './FieldPicker';
import { LabelChip } from './LabelChip';
import { type RowMarks, useRowMark } from './row-marks';
import { TaskCounts } from './TaskCounts';
import { isOpen, type Task } from './task';
import { tasks } from './task-store';

export type RowActions = {
  open: (id: string) => void;
  toggle: (id: string, isRange: boolean) => void;
  pick: (field: PickedField, id: string) => void;
  move: (id: string) => void;
};

/** A task in the list: one line of 36 px, two lines on a phone. */
export const TaskRow = memo(function TaskRow({
  task,
  index,
  marks,
  isOrdered,
  actions,
}: {
  task: Task;
  index: number;
  marks: RowMarks;
  isOrdered: boolean;
  actions: RowActions;
}) {
  const m = useMessages();
  const { isActive, isSelected } = useRowMark(marks, task.id);
  const isPending = useSyncExternalStore(
    tasks.subscribe,
    () => tasks.isPending(task.id),
    () => false,
  );
  const ground = isSelected ? 'bg-chosen' : isActive ? 'bg-hover' : '';
  return (
    <div
      id={`row-${task.id}`}
      role="row"
      aria-rowindex={index + 1}
      aria-selected={isSelected}
      tabIndex={-1}
      data-active={isActive}
      className={`group relative grid min-h-9 grid-cols-[auto_auto_auto_1fr_auto] items-center gap-x-2 border-line border-b px-2 hover:bg-hover sm:flex sm:px-3 pointer-coarse:min-h-11 ${ground}`}
    >
      {isActive && <span aria-hidden="true" className="absolute inset-y-0 left-0 w-0.5 bg-primary-ink" />}
      <span
        role="gridcell"
        className={`flex ${isSelected ? '' : 'opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100'}`}
      >
        <input
          type="checkbox"
          className="size-4 accent-primary pointer-coarse:size-6"
          aria-label={m.tasks.select(task.title)}
          checked={isSelected}
          tabIndex={-1}
          onClick={(event) => actions.toggle(task.id, event.shiftKey)}
          onChange={() => {}}
        />
      </span>
      <span role="gridcell" className="contents">
        <button
          type="button"
          tabIndex={-1}
          className="icon-button"
          aria-label={`${m.task.priority}: ${m.priority[task.priority]}`}
          title={m.priority[task.priority]}
          onClick={() => actions.pick('priority', task.id)}
        >
          <PriorityGlyph priority={task.priority} />
        </button>
      </span>
      <span role="gridcell" className="contents">
        <button
          type="button"
          tabIndex={-1}
          className="icon-button"
          aria-label={`${m.task.status}: ${m.status[task.status]}`}
          title={m.status[task.status]}
          onClick={() => actions.pick('status', task.id)}
        >
          <StatusGlyph status={task.status} />
        </button>
      </span>
      <span
        role="gridcell"
        className="hidden w-16 shrink-0 truncate text-muted text-xs tabular-nums sm:block"
        title={task.key}
      >
        {task.key}
      </span>
      <span role="gridcell" className="flex min-w-0 grow">
        <button
          type="button"
          tabIndex={-1}
          className={`min-h-9 min-w-0 grow truncate text-left pointer-coarse:min-h-11 ${isOpen(task) ? '' : 'text-muted line-through decoration-control'}`}
          onClick={() => actions.open(task.id)}
        >
          {task.title}
        </button>
        {isPending && <span className="self-center pl-2 text-muted text-xs">{m.task.unsaved}</span>}
      </span>
      <span
        role="gridcell"
        className="col-span-2 col-start-4 row-start-2 flex min-w-0 items-center gap-2 pb-1 empty:hidden sm:max-w-1/2 sm:shrink-0 sm:pb-0"
      >
        <span className="shrink-0 text-muted text-xs tabular-nums sm:hidden">{task.key}</span>
        {/* On a phone the labels come last. One without room is on a line below, which is not seen: none is
            cut. In a narrow list, beside an open task, the title has their room. */}
        {task.labels.length > 0 && (
          <span className="flex h-5 min-w-0 flex-wrap items-center gap-x-2 overflow-hidden before:h-5 max-sm:order-last sm:hidden @2xl:flex @2xl:justify-end">
            {task.labels.slice(0, 3).map((label) => (
              <LabelChip key={label.id} label={label} />
            ))}
          </span>
        )}
        <TaskCounts task={task} />
        {(task.due_on || task.due_at) && <DueDay task={task} />}
      </span>
      {isOrdered && (
        <span role="gridcell" className="contents">
          <button
            type="button"
            tabIndex={-1}
            className="icon-button"
            aria-label={`${m.tasks.place.title}: ${task.title}`}
            title={m.tasks.place.title}
            onClick={() => actions.move(task.id)}
          >
            <Glyph name="reorder" />
          </button>
        </span>
      )}
      {/* On a phone there is room for one of both: who does it is also said in the task. */}
      <span role="gridcell" className={isOrdered ? 'hidden sm:contents' : 'contents'}>
        <button
          type="button"
          tabIndex={-1}
          className="icon-button"
          aria-label={`${m.task.assignee}: ${task.assignee ? nameOf(task.assignee) : m.tasks.pick.nobody}`}
          title={task.assignee ? nameOf(task.assignee) : m.tasks.pick.nobody}
          onClick={() => actions.pick('assignee', task.id)}
        >
          {task.assignee ? <Avatar person={task.assignee} /> : <Glyph name="mine" className="opacity-60" />}
        </button>
      </span>
    </div>
  );
});
