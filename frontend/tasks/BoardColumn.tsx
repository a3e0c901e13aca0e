'use client';

import { type DragEvent, useState } from 'react';
import { Avatar } from '@/components/Avatar';
import { Glyph, PriorityGlyph, StatusGlyph } from '@/components/icons';
import { useMessages } from '@/messages/language';
import { DueDay } from './DueDay';
import { LabelChip } from './LabelChip';
import { TaskCounts } from './TaskCounts';
import type { RowActions } from './TaskRow';
import type { Status, Task } from './task';
import type { RowFocus } from './use-row-focus';

/** Most cards of a column that are drawn at once; a button shows more. */
const DRAWN = 50;

/** Before which card of a column something is dropped. */
function indexAt(event: DragEvent<HTMLElement>, dragged: string): number {
  const cards = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-card]')];
  const others = cards.filter((card) => card.dataset.card !== dragged);
  const below = others.findIndex((card) => {
    const { top, height } = card.getBoundingClientRect();
    return event.clientY < top + height / 2;
  });
  return below < 0 ? others.length : below;
}

/** The cards of a status. */
export function BoardColumn({
  status,
  items,
  dragged,
  isOrdered,
  loadMore,
  focus,
  actions,
  mayWrite,
  onDrag,
  onDrop,
}: {
  status: Status;
  items: Task[];
  /** The card that is on its way, when it may come here. */
  dragged: Task | undefined;
  /** Whether a card has a place of its own in the column. */
  isOrdered: boolean;
  /** Reads more tasks of all columns; null: there are no more. */
  loadMore: (() => void) | null;
  focus: RowFocus;
  actions: RowActions;
  mayWrite: boolean;
  onDrag: (id: string | null) => void;
  onDrop: (index: number) => void;
}) {
  const m = useMessages();
  const [drawn, setDrawn] = useState(DRAWN);
  const [over, setOver] = useState<number | null>(null);
  const isOther = dragged && dragged.status !== status;
  const others = items.filter((task) => task.id !== dragged?.id);
  const target = isOrdered && dragged && over !== null ? (others[over]?.id ?? 'end') : null;
  return (
    <section
      aria-label={`${m.status[status]}, ${m.tasks.count(items.length)}`}
      className={`flex w-11/12 shrink-0 snap-center flex-col border-line border-r sm:min-w-48 sm:flex-1 ${isOther ? 'bg-chosen' : ''}`}
      onDragOver={(event) => {
        if (!dragged || !(isOther || isOrdered)) return;
        event.preventDefault();
        setOver(indexAt(event, dragged.id));
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(null);
      }}
      onDrop={(event) => {
        event.preventDefault();
        setOver(null);
        if (dragged) onDrop(indexAt(event, dragged.id));
      }}
    >
      <h2 className="flex h-9 shrink-0 items-center gap-2 border-line border-b px-3 font-medium">
        <StatusGlyph status={status} />
        {m.status[status]}
        <span className="font-normal text-muted">
          {items.length}
          {loadMore && '+'}
        </span>
      </h2>
      <ul className="min-h-0 grow overflow-y-auto" tabIndex={0} aria-label={m.status[status]}>
        {items.slice(0, drawn).map((task) => (
          <Card
            key={task.id}
            task={task}
            isActive={task.id === focus.active}
            isTarget={task.id === target}
            mayWrite={mayWrite}
            focus={focus}
            actions={actions}
            onDrag={onDrag}
          />
        ))}
        {target === 'end' && <li aria-hidden="true" className="h-0.5 bg-primary-ink" />}
        {(items.length > drawn || loadMore) && (
          <li className="p-2">
            <button
              type="button"
              className="link-button"
              onClick={() => (items.length > drawn ? setDrawn(drawn + DRAWN) : loadMore?.())}
            >
              {m.tasks.more}
            </button>
          </li>
        )}
      </ul>
    </section>
  );
}

function Card({
  task,
  isActive,
  isTarget,
  mayWrite,
  focus,
  actions,
  onDrag,
}: {
  task: Task;
  isActive: boolean;
  /** What is dragged would come before it. */
  isTarget: boolean;
  mayWrite: boolean;
  focus: RowFocus;
  actions: RowActions;
  onDrag: (id: string | null) => void;
}) {
  const m = useMessages();
  return (
    <li
      data-card={task.id}
      data-active={isActive}
      draggable={mayWrite}
      onDragStart={() => onDrag(task.id)}
      onDragEnd={() => onDrag(null)}
      className={`relative border-line border-b px-3 py-2 hover:bg-hover ${isActive ? 'bg-hover' : ''}`}
    >
      {isTarget && <span aria-hidden="true" className="absolute inset-x-0 top-0 h-0.5 bg-primary-ink" />}
      {isActive && <span aria-hidden="true" className="absolute inset-y-0 left-0 w-0.5 bg-primary-ink" />}
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
            onClick={() => actions.move(task.id)}
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
  );
}
