'use client';

import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import useSWR from 'swr';
import useSWRInfinite from 'swr/infinite';
import { api, body, type Schema } from '@/api/client';
import { everyPage } from '@/api/every-page';
import type { ApiProblem } from '@/api/problem';
import { useMe } from '@/session/session';
import { onArrival, onReload, withArrivals } from './arrivals';
import { deriveList, unlessSame } from './derive-list';
import { onDerivedChange } from './derived';
import { dayAfter } from './due-date';
import { comparison, isOfOpenTasks, type ListQuery, listUrl, matches } from './list-query';
import type { Task } from './task';
import { tasks } from './task-store';

type Page = { ids: string[]; next: string | null };

/** Reads a page of tasks by its address, which is its key: `/api/tasks?status=pending&limit=100`. */
async function readPage(url: string): Promise<Page> {
  const query = Object.fromEntries(new URL(url, location.origin).searchParams);
  const page = await body(api.GET('/api/tasks', { params: { query } }));
  tasks.receive(...page.items);
  return { ids: page.items.map(({ id }) => id), next: page.next_cursor ?? null };
}

/** Renders again with each change of the store. */
export function useTaskRevision(): number {
  return useSyncExternalStore(tasks.subscribe, tasks.getRevision, tasks.getRevision);
}

export type TaskList = {
  items: Task[];
  /** No page has come yet. */
  isLoading: boolean;
  problem: ApiProblem | null;
  hasMore: boolean;
  isLoadingMore: boolean;
  loadMore: () => void;
  reload: () => void;
};

/** The tasks of a query, as far as they are loaded, with every edit that is made here. */
export function useTaskList(query: ListQuery): TaskList {
  const me = useMe().user.id;
  const revision = useTaskRevision();
  // What is in memory whole needs no pages.
  const isDerived = tasks.isWhole && isOfOpenTasks(query);
  const { data, error, isLoading, isValidating, size, setSize, mutate } = useSWRInfinite<Page, ApiProblem>(
    (index: number, before: Page | null) =>
      isDerived || (index > 0 && !before?.next) ? null : listUrl(query, before?.next ?? null),
    readPage,
    { keepPreviousData: true, revalidateFirstPage: true },
  );
  const before = useRef<Task[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the store is outside of React; its revision says that it changed
  const next = useMemo(() => {
    if (isDerived) return deriveList(before.current, tasks, query, me);
    const ids = new Set((data ?? []).flatMap((page) => page.ids));
    const found: Task[] = [];
    for (const id of ids) {
      const task = tasks.get(id);
      if (task && matches(task, query, me)) found.push(task);
    }
    // A task that was moved is at its new place at once, whichever page it came with.
    if (query.sort === 'rank' && !query.q) found.sort(comparison('rank'));
    return query.q ? found : withArrivals(found, tasks, query, me, Boolean(data?.at(-1)?.next));
  }, [data, query, me, revision, isDerived]);
  const items = unlessSame(before.current, next);
  before.current = items;
  const isSearch = Boolean(query.q);
  useEffect(() => {
    const again = () => void mutate();
    // Which words a task has is the server's matter.
    const stops = [onReload(again), isSearch ? onArrival(again) : () => {}];
    return () => {
      for (const stop of stops) stop();
    };
  }, [mutate, isSearch]);
  return {
    items,
    isLoading: isLoading && !data && !isDerived,
    problem: error ?? null,
    hasMore: !isDerived && Boolean(data?.at(-1)?.next),
    isLoadingMore: isValidating && (data?.length ?? 0) < size,
    loadMore: () => void setSize((pages) => pages + 1),
    reload: () => void mutate(),
  };
}

/** Tasks that are being read one by one. */
const reading = new Set<string>();

/** How often a task is read at most while events bring newer versions of it. */
const READINGS = 3;

/** Reads a task with its description, again when an event brought a newer version without it meanwhile. */
async function readTask(id: string): Promise<string> {
  reading.add(id);
  try {
    for (let times = 0; times < READINGS && (times === 0 || isPartial(id)); times += 1) {
      const task = await body(api.GET('/api/tasks/{task_id}', { params: { path: { task_id: id } } }));
      tasks.receive(task);
    }
    return id;
  } finally {
    reading.delete(id);
  }
}

/** Whether the newest version is known without its description: from a list, or from an event. */
function isPartial(id: string): boolean {
  const known = tasks.confirmedTask(id);
  return known !== undefined && known.description === undefined;
}

/** One task with its description. */
export function useTask(id: string): {
  task: Task | undefined;
  problem: ApiProblem | null;
  reload: () => void;
} {
  const revision = useTaskRevision();
  // The server does not have it yet.
  const key = tasks.isProposed(id) ? null : `/api/tasks/${id}`;
  // Whether it is being read is asked for below and not of SWR: that would draw the open task once more.
  const { error, mutate } = useSWR<string, ApiProblem>(key, () => readTask(id));
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each change of the store
  useEffect(() => {
    if (key && isPartial(id) && !reading.has(id) && !error) void mutate();
  }, [key, id, revision, error, mutate]);
  return { task: tasks.get(id), problem: error ?? null, reload: () => void mutate() };
}

/** The counters of the organization. */
export function useTaskStats(): {
  stats: Schema['TaskStats'] | undefined;
  problem: ApiProblem | null;
  reload: () => void;
} {
  // What is overdue depends on the reader's day.
  const today = dayAfter(0);
  const { data, error, mutate } = useSWR<Schema['TaskStats'], ApiProblem>(
    `/api/tasks/stats?today=${today}`,
    () => body(api.GET('/api/tasks/stats', { params: { query: { today } } })),
  );
  useEffect(() => onDerivedChange(() => void mutate()), [mutate]);
  return { stats: data, problem: error ?? null, reload: () => void mutate() };
}

/** The labels of the organization. */
export function useLabels(): { labels: Schema['Label'][]; reload: () => void } {
  const { data, mutate } = useSWR<Schema['Label'][], ApiProblem>('/api/labels', async () => {
    const all = await everyPage((query) => body(api.GET('/api/labels', { params: { query } })));
    tasks.relabel(all);
    return all;
  });
  return { labels: data ?? [], reload: () => void mutate() };
}

/** The comments of a task, oldest first. */
export function useComments(id: string): {
  comments: Schema['Comment'][] | undefined;
  problem: ApiProblem | null;
  reload: () => Promise<unknown>;
} {
  const { data, error, mutate } = useSWR<Schema['Comment'][], ApiProblem>(`/api/tasks/${id}/comments`, () =>
    everyPage((query) =>
      body(api.GET('/api/tasks/{task_id}/comments', { params: { path: { task_id: id }, query } })),
    ),
  );
  return { comments: data, problem: error ?? null, reload: () => mutate() };
}

/** Deleted tasks, the last deleted first. */
export function useTrash(): {
  items: Schema['TaskSummary'][] | undefined;
  problem: ApiProblem | null;
  hasMore: boolean;
  loadMore: () => void;
  reload: () => Promise<unknown>;
} {
  const { data, error, setSize, mutate } = useSWRInfinite<Schema['TaskSummaryPage'], ApiProblem>(
    (index: number, before: Schema['TaskSummaryPage'] | null) => {
      if (index > 0 && !before?.next_cursor) return null;
      return `/api/tasks?deleted=true${before?.next_cursor ? `&cursor=${before.next_cursor}` : ''}`;
    },
    (url: string) => {
      const cursor = new URL(url, location.origin).searchParams.get('cursor') ?? undefined;
      return body(api.GET('/api/tasks', { params: { query: { deleted: true, cursor } } }));
    },
  );
  useEffect(() => onDerivedChange(() => void mutate()), [mutate]);
  return {
    items: data?.flatMap((page) => page.items),
    problem: error ?? null,
    hasMore: Boolean(data?.at(-1)?.next_cursor),
    loadMore: () => void setSize((pages) => pages + 1),
    reload: () => mutate(),
  };
}
