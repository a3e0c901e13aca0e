'use client';

import { useEffect, useMemo, useRef, useState } from 'react';
import useSWRInfinite from 'swr/infinite';
import { api, body, type Schema } from '@/api/client';
import type { ApiProblem } from '@/api/problem';
import { toastProblem } from '@/components/toast-store';
import { messages } from '@/messages/language';
import { inboxChanged, onInboxChange } from './inbox-changes';
import { isIn, type Notification, type NotificationEdit, type Shown, withEdit } from './notification';

export type Notifications = {
  items: Notification[];
  isLoading: boolean;
  problem: ApiProblem | null;
  hasMore: boolean;
  loadMore: () => void;
  reload: () => void;
  /** Changes one, at once on the screen. */
  edit: (id: string, edit: NotificationEdit) => Promise<void>;
  /** Marks all as read. */
  readAll: () => Promise<void>;
};

let last: Promise<unknown> = Promise.resolve();

/** Sends one change after the other: of two at once, the server could take the later one first. */
function inOrder<T>(send: () => Promise<T>): Promise<T> {
  const sent = last.then(send);
  last = sent.catch(() => {});
  return sent;
}

/** The notifications of the reader, the one with the newest cause first. */
export function useNotifications(shown: Shown): Notifications {
  const underWay = useRef(new Map<string, number>());
  const [edits, setEdits] = useState<ReadonlyMap<string, NotificationEdit>>(new Map());
  const { data, error, setSize, mutate } = useSWRInfinite<Schema['NotificationPage'], ApiProblem>(
    (index: number, before: Schema['NotificationPage'] | null) => {
      if (index > 0 && !before?.next_cursor) return null;
      return `/api/notifications?state=${shown}${before?.next_cursor ? `&cursor=${before.next_cursor}` : ''}`;
    },
    (url: string) => {
      const cursor = new URL(url, location.origin).searchParams.get('cursor') ?? undefined;
      return body(api.GET('/api/notifications', { params: { query: { state: shown, cursor } } }));
    },
    // What leaves one view comes into another: one that is opened again is read again, however soon.
    { dedupingInterval: 0 },
  );
  useEffect(() => onInboxChange(() => void mutate()), [mutate]);
  // Another view is read again, with what the server has by now.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the view is what ends them.
  useEffect(() => setEdits(new Map()), [shown]);
  const items = useMemo(() => {
    const found = new Map<string, Notification>();
    // Two pages read at different times may both have one that moved up.
    for (const page of data ?? []) for (const item of page.items) found.set(item.id, item);
    return [...found.values()]
      .map((item) => withEdit(item, edits.get(item.id) ?? {}))
      .filter((item) => isIn(shown, item));
  }, [data, edits, shown]);

  async function edit(id: string, change: NotificationEdit): Promise<void> {
    setEdits((before) => new Map(before).set(id, { ...before.get(id), ...change }));
    underWay.current.set(id, (underWay.current.get(id) ?? 0) + 1);
    try {
      const params = { path: { notification_id: id } };
      await inOrder(() => api.PATCH('/api/notifications/{notification_id}', { params, body: change }));
    } catch (problem) {
      toastProblem(messages().tasks.failed(messages().nav.inbox), problem, () => void edit(id, change));
    }
    // What the server has by now includes it: until then it is shown on top.
    await mutate();
    const others = (underWay.current.get(id) ?? 1) - 1;
    underWay.current.set(id, others);
    // A later change is still shown on top.
    if (others === 0) forget(id);
    inboxChanged();
  }

  function forget(id: string): void {
    setEdits((before) => {
      const left = new Map(before);
      left.delete(id);
      return left;
    });
  }

  async function readAll(): Promise<void> {
    try {
      await api.POST('/api/notifications/read', { body: {} });
    } catch (problem) {
      toastProblem(messages().tasks.failed(messages().nav.inbox), problem, () => void readAll());
    }
    inboxChanged();
  }

  return {
    items,
    isLoading: !data && !error,
    problem: error ?? null,
    hasMore: Boolean(data?.at(-1)?.next_cursor),
    loadMore: () => void setSize((pages) => pages + 1),
    reload: () => void mutate(),
    edit,
    readAll,
  };
}
