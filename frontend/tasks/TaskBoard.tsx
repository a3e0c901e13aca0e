'use client';

import { useState } from 'react';
import { Avatar } from '@/components/Avatar';
import { Glyph, PriorityGlyph, StatusGlyph } from '@/components/icons';
import { useCommands } from '@/keyboard/commands';
import { useMessages } from '@/messages/language';
import { DueDay } from './DueDay';
import { LabelChip } from './LabelChip';
import { TaskCounts } from './TaskCounts';
import type { RowActions } from './TaskRow';
import { canBecome, STATUSES, type Status, type Task } from './task';
import { editTask } from './task-actions';
import { tasks } from './task-store';
import type { RowFocus } from './use-row-focus';
import type { TaskList } from './use-tasks';

/** Most cards of a column that are drawn at once; a button shows more. */
const DRAWN = 50;

/**
 * The tasks by status, in columns. A card is moved by Alt and an arrow, by its "Move to" button, or by
 * dragging it; where it cannot go is not offered.
 */
export function TaskBoard({
  list,
  focus,
  actions,
  mayWrite,
}: {
  list: TaskList;
  focus: RowFocus;
  actions: RowActions;
  mayWrite: boolean;
}) {
  const m = useMessages();
  const [dragged, setDragged] = useState<string | null>(null);
  const [news, setNews] = useState('');

  function move(id: string, status: Status) {
    const task = tasks.get(id);
    if (!mayWrite || !task || task.status === status || !canBecome(task.status, status)) return;
    editTask(id, { status });
    setNews(`${task.title}: ${m.status[status]}`);
    // The card is drawn again in another column; the focus goes with it.
    requestAnimationFrame(() => document.getElementById(`card-${id}`)?.focus());
  }
  /** The next column in a direction that the card may go to. */
  function step(direction: 1 | -1) {
    const task = focus.active ? tasks.get(focus.active) : undefined;
    if (!task) return;
    const from = STATUSES.indexOf(task.status);
    const way = direction === 1 ? STATUSES.slice(from + 1) : STATUSES.slice(0, from).reverse();
    const to = way.find((status) => canBecome(task.status, status));
    if (to) move(task.id, to);
  }
  const card = (id: string, label: string, keys: string[], run: () => void) => ({
    id,
    label,
    group: m.keys.onBoard,
    keys,
    run,
    isHidden: true,
  });
  useCommands([
    card('card right', m.keys.cardRight, ['Alt+ArrowRight'], () => step(1)),
    card('card left', m.keys.cardLeft, ['Alt+ArrowLeft'], () => step(-1)),
  ]);

  const dragging = dragged ? tasks.get(dragged) : undefined;
  return (
    <section
      id="task-list"
      tabIndex={-1}
      aria-label={m.tasks.board}
      className="flex min-h-0 grow snap-x snap-mandatory overflow-x-auto outline-none sm:snap-none"
    >
      <p role="status" className="sr-only">
        {news}
      </p>
      {STATUSES.map((status) => (
        <Column
          key={status}
          status={status}
          items={list.items.filter((task) => task.status === status)}
          isTarget={Boolean(dragging && dragging.status !== status && canBecome(dragging.status, status))}
          focus={focus}
          actions={actions}
          mayWrite={mayWrite}
          onDrag={setDragged}
          onDrop={() => dragged && move(dragged, status)}
        />
      ))}
    </section>
  );
}

function Column({
  status,
  items,
  isTarget,
  focus,
  actions,
  mayWrite,
  onDrag,
  onDrop,
}: {
  status: Status;
  items: Task[];
  isTarget: boolean;
  focus: RowFocus;
  actions: RowActions;
  mayWrite: boolean;
  onDrag: (id: string | null) => void;
  onDrop: () => void;
}) {
  const m = useMessages();
  const [drawn, setDrawn] = useState(DRAWN);
  return (
    <section
      aria-label={`${m.status[status]}, ${m.tasks.count(items.length)}`}
      className={`flex w-full shrink-0 snap-center flex-col border-line border-r sm:w-64 ${isTarget ? 'bg-chosen' : ''}`}
      onDragOver={(event) => {
        if (isTarget) event.preventDefault();
      }}
      onDrop={onDrop}
    >
      <h2 className="flex h-9 shrink-0 items-center gap-2 border-line border-b px-3 font-medium">
        <StatusGlyph status={status} />
        {m.status[status]}
        <span className="font-normal text-muted">{items.length}</span>
      </h2>
      <ul className="min-h-0 grow overflow-y-auto" tabIndex={0} aria-label={m.status[status]}>
        {items.slice(0, drawn).map((task) => (
          <li
            key={task.id}
            draggable={mayWrite}
            onDragStart={() => onDrag(task.id)}
            onDragEnd={() => onDrag(null)}
            className={`relative border-line border-b px-3 py-2 hover:bg-hover ${task.id === focus.active ? 'bg-hover' : ''}`}
          >
            {task.id === focus.active && (
              <span aria-hidden="true" className="absolute inset-y-0 left-0 w-0.5 bg-primary-ink" />
            )}
            <div className="flex items-start gap-2">
              <button
                id={`card-${task.id}`}
                type="button"
                className="min-h-6 min-w-0 grow break-words text-left pointer-coarse:min-h-11"
                onFocus={() => focus.setActive(task.id)}
                onClick={() => actions.open(task.id)}
              >
                {task.title}
              </button>
              {mayWrite && (
                <button
                  type="button"
                  className="icon-button -my-1 -mr-2"
                  aria-label={`${m.tasks.pick.move}: ${task.title}`}
                  title={m.tasks.pick.move}
                  onClick={() => actions.pick('status', task.id)}
                >
                  <Glyph name="move" />
                </button>
              )}
            </div>
            <div className="mt-1 flex items-end gap-2">
              <div className="flex min-w-0 grow flex-wrap items-center gap-x-2 gap-y-1">
                <PriorityGlyph priority={task.priority} />
                <span className="text-muted text-xs tabular-nums">{task.key}</span>
                {task.labels.slice(0, 2).map((label) => (
                  <LabelChip key={label.id} label={label} />
                ))}
                <TaskCounts task={task} />
                <DueDay task={task} />
              </div>
              {task.assignee && <Avatar person={task.assignee} />}
            </div>
          </li>
        ))}
        {items.length > drawn && (
          <li className="p-2">
            <button type="button" className="link-button" onClick={() => setDrawn(drawn + DRAWN)}>
              {m.tasks.more}
            </button>
          </li>
        )}
      </ul>
    </section>
  );
}
