'use client';

import { Glyph } from '@/components/icons';
import { useLanguage, useMessages } from '@/messages/language';
import { dueDay, dueTime, shortDay } from './due-date';
import { isOverdue, type Task } from './task';

/** The due day, red and named when it is over. */
export function DueDay({ task }: { task: Task }) {
  const m = useMessages();
  const language = useLanguage();
  const day = dueDay(task);
  if (!day) return null;
  const late = isOverdue(task);
  const shown = [shortDay(day, language, m.due), dueTime(task, language)].filter(Boolean).join(', ');
  return (
    <time
      dateTime={task.due_on ?? task.due_at ?? undefined}
      className={`inline-flex items-center gap-1 whitespace-nowrap text-xs ${late ? 'font-medium text-danger' : 'text-muted'}`}
    >
      <Glyph name="calendar" />
      {shown}
      {late && <span className="sr-only">, {m.task.overdue}</span>}
    </time>
  );
}
