'use client';

import { useEffect, useRef } from 'react';
import { Virtualizer, type VirtualizerHandle } from 'virtua';
import { useMessages } from '@/messages/language';
import { type RowActions, TaskRow } from './TaskRow';
import { tasks } from './task-store';
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
  return (
    <div
      ref={scroller}
      id="task-list"
      role="grid"
      aria-label={m.tasks.listLabel}
      aria-rowcount={list.hasMore ? -1 : list.items.length}
      aria-multiselectable="true"
      aria-activedescendant={isActiveShown ? `row-${focus.active}` : undefined}
      tabIndex={0}
      // A button that was pressed in a row keeps no focus: Enter opens the active row again.
      onClick={() => scroller.current?.focus({ preventScroll: true })}
      className="@container min-h-0 grow overflow-y-auto focus-visible:outline-none"
    >
      <Virtualizer
        ref={rows}
        data={list.items}
        scrollRef={scroller}
        onScroll={(offset) => {
          const element = scroller.current;
          // Two screens before the end, the next page is on its way when it is reached.
          if (
            element &&
            list.hasMore &&
            !list.isLoadingMore &&
            offset + 3 * element.clientHeight > element.scrollHeight
          ) {
            list.loadMore();
          }
        }}
      >
        {(task, position) => (
          <TaskRow
            key={task.id}
            task={task}
            index={position}
            isActive={task.id === focus.active}
            isSelected={focus.selected.has(task.id)}
            isPending={tasks.isPending(task.id)}
            isOrdered={isOrdered}
            actions={actions}
          />
        )}
      </Virtualizer>
    </div>
  );
}
