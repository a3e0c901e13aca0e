'use client';

import { useEffect, useMemo, useRef } from 'react';
import { Virtualizer, type VirtualizerHandle } from 'virtua';
import { useMessages } from '@/messages/language';
import { type RowActions, TaskRow } from './TaskRow';
import type { RowFocus } from './use-row-focus';
import type { TaskList as Tasks } from './use-tasks';

/**
 * The rows, of which only those in view are in the document. The list has the focus and names its active
 * row, so that the focus is never lost when a row leaves the document.
 */
export function TaskList({
  list,
  focus,
  actions,
  isOrdered,
}: {
  list: Tasks;
  focus: RowFocus;
  actions: RowActions;
  /** Whether rows can be moved up and down. */
  isOrdered: boolean;
}) {
  const m = useMessages();
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useRef<VirtualizerHandle>(null);
  const index = list.items.findIndex((task) => task.id === focus.active);
  useEffect(() => {
    if (index >= 0) rows.current?.scrollToIndex(index, { align: 'nearest' });
  }, [index]);
  const isActiveShown = index >= 0;
  const latest = useRef(list);
  latest.current = list;
  const { items } = list;
  const { marks } = focus;
  // The same element as long as the rows are: a step from one to the next draws two of them and not the list.
  const shown = useMemo(
    () => (
      <Virtualizer
        ref={rows}
        data={items}
        scrollRef={scroller}
        onScroll={(offset) => loadAhead(latest.current, scroller.current, offset)}
      >
        {(task, position) => (
          // By position: a filter gives other tasks to the rows that there are, which is quicker than making
          // other rows. A row keeps nothing of its own.
          <TaskRow
            key={position}
            task={task}
            index={position}
            marks={marks}
            isOrdered={isOrdered}
            actions={actions}
          />
        )}
      </Virtualizer>
    ),
    [items, marks, isOrdered, actions],
  );
  return (
    <div
      ref={scroller}
      id="task-list"
      role="grid"
      aria-label={m.tasks.listLabel}
      aria-rowcount={list.hasMore ? -1 : items.length}
      aria-multiselectable="true"
      aria-activedescendant={isActiveShown ? `row-${focus.active}` : undefined}
      tabIndex={0}
      // A button that was pressed in a row keeps no focus: Enter opens the active row again.
      onClick={() => scroller.current?.focus({ preventScroll: true })}
      className="@container min-h-0 grow overflow-y-auto focus-visible:outline-none"
    >
      {shown}
    </div>
  );
}

/** Two screens before the end, the next page is on its way when it is reached. */
function loadAhead(list: Tasks, element: HTMLElement | null, offset: number): void {
  if (!element || !list.hasMore || list.isLoadingMore) return;
  if (offset + 3 * element.clientHeight > element.scrollHeight) list.loadMore();
}
