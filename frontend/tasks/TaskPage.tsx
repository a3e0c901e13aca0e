'use client';

import { useEffect, useMemo, useRef, useState } from 'react';
import { Empty } from '@/components/Empty';
import { whenIdle } from '@/components/idle';
import { openOverlay } from '@/components/overlay-store';
import { ProblemNote } from '@/components/ProblemNote';
import { part } from '@/components/part';
import { SkeletonRows } from '@/components/SkeletonRows';
import { useCommands } from '@/keyboard/commands';
import { useMessages } from '@/messages/language';
import { useMay, useMe } from '@/session/session';
import type { PickedField } from './FieldPicker';
import { isFiltered, type ListQuery, NO_FILTERS } from './list-query';
import { SelectionBar } from './SelectionBar';
import { TaskList } from './TaskList';
import type { RowActions } from './TaskRow';
import { TaskToolbar } from './TaskToolbar';
import { STATUSES, type Task } from './task';
import { listCommands, placeCommands, taskCommands } from './task-commands';
import { isTaskId, referenceTo } from './task-number';
import { tasks } from './task-store';
import { type ChangeQuery, useListQuery } from './use-list-query';
import { type Placing, usePlacing } from './use-placing';
import { type RowFocus, useRowFocus } from './use-row-focus';
import { type TaskReference, useTaskReference } from './use-task-reference';
import { type TaskList as Tasks, useTaskList } from './use-tasks';

const FieldPicker = part(() => import('./FieldPicker').then((module) => module.FieldPicker));
const PlacePicker = part(() => import('./PlacePicker').then((module) => module.PlacePicker));
const TaskDrawer = part(() => import('./TaskDrawer').then((module) => module.TaskDrawer));
const TaskBoard = part(() => import('./TaskBoard').then((module) => module.TaskBoard));

function focusList(): void {
  document.getElementById('task-list')?.focus();
}

/** As they are shown: the board has one column after the other. */
function inOrder(items: Task[], view: ListQuery['view']): Task[] {
  if (view === 'list') return items;
  return STATUSES.flatMap((status) => items.filter((task) => task.status === status));
}

/** The task that the address names; keeps the address and the focus true to it. */
function useOpenedTask(reference: string | null, change: ChangeQuery): TaskReference {
  const opened = useTaskReference(reference);
  // A new task is named by its number as soon as it has one.
  useEffect(() => {
    if (reference && opened.id && reference !== opened.id && isTaskId(reference))
      change({ task: referenceTo(opened.id) }, 'replace');
  }, [reference, opened.id, change]);
  // A task that was deleted leaves the drawer, too.
  const isGone = opened.id !== null && tasks.isRemoved(opened.id);
  useEffect(() => {
    if (isGone) change({ task: null }, 'replace');
  }, [isGone, change]);
  // Where a task is a page of its own, the list has the focus again when it is shown again.
  const wasOpen = useRef(false);
  useEffect(() => {
    if (wasOpen.current && !reference && document.activeElement === document.body) focusList();
    wasOpen.current = Boolean(reference);
  }, [reference]);
  return opened;
}

type RowWork = {
  open: (id: string) => void;
  focus: RowFocus;
  pick: (field: PickedField, ids: string[]) => void;
  setMoved: (id: string) => void;
};

/** What the buttons of a row do: the same functions at each render, or every row would be drawn again. */
function useRowActions(work: RowWork): RowActions {
  const latest = useRef(work);
  latest.current = work;
  return useMemo(
    () => ({
      open: (id) => latest.current.open(id),
      toggle: (id, isRange) => latest.current.focus.toggle(id, isRange),
      pick: (field, id) => {
        latest.current.focus.setActive(id);
        latest.current.pick(field, [id]);
      },
      move: (id) => {
        latest.current.focus.setActive(id);
        latest.current.setMoved(id);
      },
    }),
    [],
  );
}

/** The tasks, as a list or a board, with one of them open beside it. */
export function TaskPage() {
  const m = useMessages();
  const me = useMe().user;
  const may = {
    write: useMay('tasks.write'),
    assign: useMay('tasks.assign'),
    delete: useMay('tasks.delete'),
  };
  const [query, change] = useListQuery();
  // A task in the drawer is no other list.
  const { view, status, priority, assignee, label, project, q, sort } = query;
  const listed = useMemo<ListQuery>(
    () => ({ view, status, priority, assignee, label, project, q, sort, task: null }),
    [view, status, priority, assignee, label, project, q, sort],
  );
  const list = useTaskList(listed);
  const ids = useMemo(() => inOrder(list.items, view).map((task) => task.id), [list.items, view]);
  const focus = useRowFocus(ids);
  const placing = usePlacing(list.items, listed, may.write);
  const search = useRef<HTMLInputElement>(null);
  const opened = useOpenedTask(query.task, change);
  const [picked, setPicked] = useState<{ field: PickedField; ids: string[] } | null>(null);
  const [moved, setMoved] = useState<string | null>(null);

  const open = (id: string) => {
    focus.setActive(id);
    change({ task: referenceTo(id) }, query.task ? 'replace' : 'push');
  };
  const close = () => {
    change({ task: null }, 'replace');
    focusList();
  };
  const pick = (field: PickedField, targets: string[]) => {
    if (may.write) setPicked({ field, ids: targets });
  };
  // A task that was opened by a link is the one that keys act on.
  const targets = focus.targets.length > 0 ? focus.targets : opened.id ? [opened.id] : [];
  useCommands([
    ...listCommands(m, focus, {
      open,
      moved: (id) => {
        if (id && query.task) change({ task: referenceTo(id) }, 'follow');
      },
      leave: () => (focus.selected.size > 0 ? focus.clear() : close()),
    }),
    ...taskCommands(m, targets, (id) => tasks.get(id), me, may, pick),
    ...(may.write ? placeCommands(m, focus.active, placing) : []),
    {
      id: 'search',
      label: m.keys.search,
      group: m.keys.anywhere,
      keys: ['/'],
      run: () => search.current?.focus(),
    },
    {
      id: 'view',
      label: `${m.tasks.list} / ${m.tasks.board}`,
      group: m.keys.anywhere,
      keys: ['v'],
      run: () => change({ view: view === 'list' ? 'board' : 'list' }),
    },
  ]);
  // Keys that follow `S` or `P` at once go into the picker: it is loaded before they are pressed. So is the
  // drawer, which opens in the next frame.
  useEffect(
    () =>
      whenIdle(() => {
        void FieldPicker.preload();
        void TaskDrawer.preload();
      }),
    [],
  );
  useEffect(() => {
    document.title = `${m.tasks.title} - ${m.app.name}`;
  }, [m]);
  const actions = useRowActions({ open, focus, pick, setMoved });

  return (
    <div className="flex min-h-0 grow">
      <div className={`min-h-0 min-w-0 grow flex-col ${query.task ? 'hidden lg:flex' : 'flex'}`}>
        <TaskToolbar query={listed} change={change} search={search} />
        {focus.selected.size > 0 && (
          <SelectionBar targets={[...focus.selected]} may={may} clear={focus.clear} pick={pick} />
        )}
        {list.problem && <ProblemNote problem={list.problem} retry={list.reload} />}
        <Content
          list={list}
          query={query}
          change={change}
          focus={focus}
          actions={actions}
          placing={placing}
          mayWrite={may.write}
        />
        <p role="status" className="sr-only">
          {placing.news}
        </p>
        <Count list={list} />
      </div>
      {query.task && <TaskDrawer opened={opened} close={close} pick={pick} />}
      {picked && <FieldPicker field={picked.field} ids={picked.ids} onClose={() => setPicked(null)} />}
      {moved && (
        <PlacePicker id={moved} placing={placing} isBoard={view === 'board'} onClose={() => setMoved(null)} />
      )}
    </div>
  );
}

/** The rows or the cards, or why there are none. */
function Content({
  list,
  query,
  change,
  focus,
  actions,
  placing,
  mayWrite,
}: {
  list: Tasks;
  query: ListQuery;
  change: ChangeQuery;
  focus: RowFocus;
  actions: RowActions;
  placing: Placing;
  mayWrite: boolean;
}) {
  const m = useMessages();
  if (list.isLoading) return <SkeletonRows label={m.app.loading} />;
  if (list.items.length === 0)
    return list.problem ? null : <Nothing query={query} change={change} mayWrite={mayWrite} />;
  if (query.view === 'board')
    return <TaskBoard list={list} focus={focus} actions={actions} placing={placing} mayWrite={mayWrite} />;
  return <TaskList list={list} focus={focus} actions={actions} isOrdered={placing.isOn} />;
}

/** How many there are, below them. */
function Count({ list }: { list: Tasks }) {
  const m = useMessages();
  const isUnknown = list.isLoading || (list.problem && list.items.length === 0);
  return (
    <p role="status" className="shrink-0 border-line border-t px-3 py-1 text-muted text-xs max-sm:sr-only">
      {isUnknown ? '' : `${m.tasks.count(list.items.length)}${list.hasMore ? '+' : ''}`}
    </p>
  );
}

/** What a list without tasks says: which filters leave none, or how the first one comes. */
function Nothing({ query, change, mayWrite }: { query: ListQuery; change: ChangeQuery; mayWrite: boolean }) {
  const m = useMessages();
  const filters = [
    query.status !== 'all' && m.status[query.status],
    query.priority && m.priority[query.priority],
    query.assignee &&
      `${m.task.assignee}: ${query.assignee === 'me' ? m.tasks.pick.me : query.assignee === 'none' ? m.tasks.pick.nobody : '…'}`,
    query.label && m.task.labels,
    query.project && m.task.project,
    query.q && `“${query.q}”`,
  ].filter(Boolean);
  if (isFiltered(query)) {
    return (
      <Empty text={m.tasks.filtered(filters.join(', '))}>
        <button type="button" className="button mt-3" onClick={() => change(NO_FILTERS)}>
          {m.tasks.clear}
        </button>
      </Empty>
    );
  }
  return (
    <Empty text={m.tasks.empty}>
      {mayWrite && (
        <button type="button" className="primary-button mt-3" onClick={() => openOverlay('create')}>
          {m.tasks.emptyAction}
          <kbd className="font-sans opacity-80 pointer-coarse:hidden">C</kbd>
        </button>
      )}
    </Empty>
  );
}
