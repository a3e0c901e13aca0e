'use client';

import { useEffect } from 'react';
import useSWR from 'swr';
import { api, body, type Schema } from '@/api/client';
import type { ApiProblem } from '@/api/problem';
import { toastProblem } from '@/components/toast-store';
import { messages } from '@/messages/language';
import { onDerivedChange } from '@/tasks/task-actions';

/** Whether the reader watches a task, and what changes that. */
export function useWatch(task: string): { isWatching: boolean | undefined; toggle: () => Promise<void> } {
  const params = { path: { task_id: task } };
  const { data, mutate } = useSWR<Schema['Watching'], ApiProblem>(`/api/tasks/${task}/watch`, () =>
    body(api.GET('/api/tasks/{task_id}/watch', { params })),
  );
  // Who comments on a task or takes it watches it from then on.
  useEffect(() => onDerivedChange(() => void mutate()), [mutate]);
  async function toggle(): Promise<void> {
    if (!data) return;
    const watching = !data.watching;
    await mutate({ watching }, { revalidate: false });
    try {
      await (watching
        ? api.PUT('/api/tasks/{task_id}/watch', { params })
        : api.DELETE('/api/tasks/{task_id}/watch', { params }));
    } catch (problem) {
      toastProblem(messages().tasks.failed(messages().watch.failed), problem, () => void toggle());
      await mutate();
    }
  }
  return { isWatching: data?.watching, toggle };
}
