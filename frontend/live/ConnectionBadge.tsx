'use client';

import { useSyncExternalStore } from 'react';
import { useMessages } from '@/messages/language';
import { tasks } from '@/tasks/task-store';
import { useLiveState } from './live-store';

/** One shape for each: colour alone distinguishes none of them. */
const SHAPES = {
  live: <circle cx="4" cy="4" r="3.5" className="fill-green" />,
  connecting: <circle cx="4" cy="4" r="3" strokeWidth="1.5" className="fill-none stroke-control" />,
  reconnecting: <path d="M4 0.5l3.75 7h-7.5z" className="fill-danger" />,
} as const;

/** Whether what others do is seen here at once, and how many edits are not saved yet. */
export function ConnectionBadge({ isShort }: { isShort: boolean }) {
  const m = useMessages();
  const state = useLiveState();
  const unsent = useSyncExternalStore(
    tasks.subscribe,
    () => tasks.pendingCount(),
    () => 0,
  );
  if (state === 'off' && unsent === 0) return null;
  const text = [state !== 'off' && m.live[state], unsent > 0 && m.live.unsent(unsent)]
    .filter(Boolean)
    .join(' · ');
  return (
    <p role="status" title={text} className="flex h-7 items-center gap-2 px-3.5 text-muted text-xs">
      {state !== 'off' && (
        <svg viewBox="0 0 8 8" width="8" height="8" aria-hidden="true" className="shrink-0">
          {SHAPES[state]}
        </svg>
      )}
      <span className={isShort ? 'sr-only' : 'truncate'}>{text}</span>
    </p>
  );
}
