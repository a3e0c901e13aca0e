'use client';

import { Glyph } from '@/components/icons';
import { useMessages } from '@/messages/language';
import type { Task } from './task';

/** How many sub-tasks are done and how many comments there are; nothing where there are none. */
export function TaskCounts({ task: { sub_tasks, comments } }: { task: Task }) {
  const m = useMessages();
  return (
    <>
      {sub_tasks.total > 0 && (
        <Count
          icon="branch"
          text={`${sub_tasks.done}/${sub_tasks.total}`}
          label={m.task.subTasks(sub_tasks.done, sub_tasks.total)}
        />
      )}
      {comments > 0 && <Count icon="comment" text={String(comments)} label={m.task.commentCount(comments)} />}
    </>
  );
}

function Count({ icon, text, label }: { icon: 'branch' | 'comment'; text: string; label: string }) {
  return (
    <span
      role="img"
      aria-label={label}
      title={label}
      className="inline-flex shrink-0 items-center gap-0.5 text-muted text-xs tabular-nums"
    >
      <Glyph name={icon} className="size-3.5" />
      {text}
    </span>
  );
}
