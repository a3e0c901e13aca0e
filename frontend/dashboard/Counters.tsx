'use client';

import Link from 'next/link';
import { PriorityGlyph } from '@/components/icons';
import { ProblemNote } from '@/components/ProblemNote';
import { useLanguage, useMessages } from '@/messages/language';
import { PRIORITIES } from '@/tasks/task';
import { useTaskStats } from '@/tasks/use-tasks';

/** The numbers of the organization, each a way to its tasks. */
export function Counters() {
  const m = useMessages();
  const language = useLanguage();
  const { stats, problem, reload } = useTaskStats();
  const number = new Intl.NumberFormat(language);
  const shown: [string, number | undefined, string, boolean][] = [
    [m.dashboard.open, stats?.open, '/tasks/', false],
    [m.dashboard.mine, stats?.mine, '/tasks/?assignee=me', false],
    [m.dashboard.overdue, stats?.overdue, '/tasks/?sort=due_at', (stats?.overdue ?? 0) > 0],
    [m.dashboard.unassigned, stats?.unassigned, '/tasks/?assignee=none', false],
    [m.dashboard.completed, stats?.by_status.completed, '/tasks/?status=completed', false],
  ];
  const most = Math.max(1, ...PRIORITIES.map((priority) => stats?.open_by_priority[priority] ?? 0));
  return (
    <div className="border-line border-b">
      {problem && <ProblemNote problem={problem} retry={reload} />}
      <ul className="flex flex-wrap">
        {shown.map(([label, value, href, isLate]) => (
          <li key={label} className="min-w-24 flex-1 border-line border-r border-b last:border-r-0">
            <Link href={href} className="flex flex-col px-4 py-3 hover:bg-hover">
              <span className="text-muted">{label}</span>
              <span className={`font-semibold text-xl tabular-nums ${isLate ? 'text-danger' : ''}`}>
                {value === undefined ? '–' : number.format(value)}
              </span>
            </Link>
          </li>
        ))}
      </ul>
      <div className="px-4 py-3">
        <h2 className="mb-1 text-muted">{m.dashboard.byPriority}</h2>
        <ul className="grid gap-x-6 sm:grid-cols-2 lg:grid-cols-4">
          {PRIORITIES.map((priority) => {
            const count = stats?.open_by_priority[priority] ?? 0;
            return (
              <li key={priority}>
                <Link
                  href={`/tasks/?priority=${priority}`}
                  className="flex min-h-7 items-center gap-2 rounded hover:bg-hover"
                >
                  <PriorityGlyph priority={priority} />
                  <span className="w-16">{m.priority[priority]}</span>
                  <svg height="6" className="w-0 grow" aria-hidden="true">
                    <rect width="100%" height="6" rx="3" className="fill-hover" />
                    <rect width={`${(count / most) * 100}%`} height="6" rx="3" className="fill-green-fill" />
                  </svg>
                  <span className="w-8 text-right tabular-nums">{number.format(count)}</span>
                </Link>
              </li>
            );
          })}
        </ul>
      </div>
    </div>
  );
}
