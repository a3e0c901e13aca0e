'use client';

import Link from 'next/link';
import { PriorityGlyph, StatusGlyph } from '@/components/icons';
import { ProblemNote } from '@/components/ProblemNote';
import { SkeletonRows } from '@/components/SkeletonRows';
import { useMessages } from '@/messages/language';
import { useMay } from '@/session/session';
import { DueDay } from '@/tasks/DueDay';
import { parseQuery } from '@/tasks/list-query';
import { toggleDone } from '@/tasks/task-commands';
import { tasks } from '@/tasks/task-store';
import { useTaskList } from '@/tasks/use-tasks';

/** What is assigned to the reader, soonest due first. */
const MINE = parseQuery(new URLSearchParams('assignee=me&sort=due_at'));
const SHOWN = 12;

/** The reader's own work, to be finished with one press. */
export function TaskManager() {
  const m = useMessages();
  const mayWrite = useMay('tasks.write');
  const list = useTaskList(MINE);
  return (
    <section aria-labelledby="work" className="min-w-0">
      <h2 id="work" className="flex h-9 items-center justify-between border-line border-b px-4 font-semibold">
        {m.dashboard.work}
        <Link className="link-button" href="/tasks/?assignee=me">
          {m.dashboard.allWork}
        </Link>
      </h2>
      {list.problem && <ProblemNote problem={list.problem} retry={list.reload} />}
      {list.isLoading && <SkeletonRows label={m.app.loading} />}
      {!list.isLoading && !list.problem && list.items.length === 0 && (
        <p className="p-4 text-muted">{m.dashboard.noWork}</p>
      )}
      <ul>
        {list.items.slice(0, SHOWN).map((task) => (
          <li key={task.id} className="flex min-h-9 items-center gap-1 border-line border-b px-3">
            <button
              type="button"
              disabled={!mayWrite}
              className="icon-button"
              aria-label={`${m.tasks.done}: ${task.title}`}
              title={m.tasks.done}
              onClick={() => toggleDone([task.id], (id) => tasks.get(id))}
            >
              <StatusGlyph status={task.status} />
            </button>
            <PriorityGlyph priority={task.priority} />
            <Link
              className="ml-1 flex min-h-9 min-w-0 grow items-center hover:underline"
              href={`/tasks/?assignee=me&task=${task.id}`}
            >
              <span className="truncate">{task.title}</span>
            </Link>
            <DueDay task={task} />
          </li>
        ))}
      </ul>
    </section>
  );
}
