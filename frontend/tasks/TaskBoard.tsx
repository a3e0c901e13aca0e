'use client';

import { useEffect, useState } from 'react';
import { useCommands } from '@/keyboard/commands';
import { useMessages } from '@/messages/language';
import { BoardColumn } from './BoardColumn';
import type { RowActions } from './TaskRow';
import { canBecome, STATUSES, type Task } from './task';
import { tasks } from './task-store';
import type { Placing } from './use-placing';
import type { RowFocus } from './use-row-focus';
import type { TaskList } from './use-tasks';

/** The next column in a direction for which a condition holds. */
function nextColumn(task: Task, direction: 1 | -1, isWanted: (status: Task['status']) => boolean) {
  const from = STATUSES.indexOf(task.status);
  const way = direction === 1 ? STATUSES.slice(from + 1) : STATUSES.slice(0, from).reverse();
  return way.find(isWanted);
}

/**
 * The tasks by status, in columns. A card is moved by Alt and an arrow, by its "Move to" button, or by
 * dragging it; where it cannot go is not offered.
 */
export function TaskBoard({
  list,
  focus,
  actions,
  placing,
  mayWrite,
}: {
  list: TaskList;
  focus: RowFocus;
  actions: RowActions;
  placing: Placing;
  mayWrite: boolean;
}) {
  const m = useMessages();
  const [dragged, setDragged] = useState<string | null>(null);
  const { active } = focus;
  const column = (status: Task['status']) => list.items.filter((task) => task.status === status);
  const place = active ? list.items.findIndex((task) => task.id === active) : -1;
  const status = list.items[place]?.status;
  // Keys move the card that is active: it is in view, and drawn again elsewhere it has the focus again.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the card is another element in another column, and may lose the focus at another place
  useEffect(() => {
    const card = active ? document.getElementById(`card-${active}`) : null;
    const here = document.activeElement;
    // Somebody who is elsewhere on the page stays there when others move cards.
    if (!card || !(here === document.body || here?.closest('#task-list'))) return;
    card.closest('li')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    card.focus({ preventScroll: true });
  }, [active, place, status]);

  /** Moves the active card to the next column that it may go to. */
  function carry(direction: 1 | -1) {
    const task = active ? tasks.get(active) : undefined;
    const to = task && nextColumn(task, direction, (status) => canBecome(task.status, status));
    if (task && to) placing.put(task.id, to);
  }
  /** Makes the card at the same height of the next column with cards the active one. */
  function turn(direction: 1 | -1) {
    const task = active ? tasks.get(active) : undefined;
    const to = task && nextColumn(task, direction, (status) => column(status).length > 0);
    if (!task || !to) return;
    const height = column(task.status).findIndex(({ id }) => id === task.id);
    const cards = column(to);
    focus.setActive(cards[Math.min(height, cards.length - 1)]?.id ?? null);
  }
  const card = (id: string, label: string, key: string, run: () => void) => ({
    id,
    label,
    group: m.keys.onBoard,
    keys: [key],
    run,
    isHidden: true,
  });
  useCommands([
    card('left', m.keys.left, 'ArrowLeft', () => turn(-1)),
    card('right', m.keys.right, 'ArrowRight', () => turn(1)),
    card('card left', m.keys.cardLeft, 'Alt+ArrowLeft', () => carry(-1)),
    card('card right', m.keys.cardRight, 'Alt+ArrowRight', () => carry(1)),
  ]);

  const dragging = dragged ? tasks.get(dragged) : undefined;
  return (
    <section
      id="task-list"
      tabIndex={-1}
      aria-label={m.tasks.board}
      className="flex min-h-0 grow snap-x snap-mandatory overflow-x-auto outline-none sm:snap-none"
    >
      {STATUSES.map((status) => (
        <BoardColumn
          key={status}
          status={status}
          items={column(status)}
          dragged={dragging && canBecome(dragging.status, status) ? dragging : undefined}
          isOrdered={placing.isOn}
          loadMore={list.hasMore ? list.loadMore : null}
          focus={focus}
          actions={actions}
          mayWrite={mayWrite}
          onDrag={setDragged}
          onDrop={(index) => {
            if (dragged) placing.put(dragged, status, index);
            setDragged(null);
          }}
        />
      ))}
    </section>
  );
}
