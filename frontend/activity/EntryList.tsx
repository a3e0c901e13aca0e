'use client';

import Link from 'next/link';
import { useSyncExternalStore } from 'react';
import { Avatar, nameOf } from '@/components/Avatar';
import { Glyph } from '@/components/icons';
import { ago, moment } from '@/messages/dates';
import { useLanguage } from '@/messages/language';
import { tasks } from '@/tasks/task-store';
import { activityMessages } from './messages';
import type { Entry } from './use-activity';

/** A text that an entry has of what it is about, before or after. */
function textOf(entry: Entry, name: string): string | undefined {
  for (const side of [entry.after, entry.before]) {
    const value: unknown = side && typeof side === 'object' ? Reflect.get(side, name) : undefined;
    if (typeof value === 'string') return value;
  }
}

/** The task that an entry is about: its own, or that of the comment. */
function taskOf(entry: Entry): string | undefined {
  return entry.target_type === 'comment' ? textOf(entry, 'task_id') : (entry.target_id ?? undefined);
}

/** The title of that task, as far as the entry or this page knows it; else what the comment says. */
function titleOf(entry: Entry): string | undefined {
  const task = taskOf(entry);
  // What was deleted is still known to the page that showed it.
  const known = task ? (tasks.get(task) ?? tasks.confirmedTask(task)) : undefined;
  return textOf(entry, 'title') ?? known?.title ?? textOf(entry, 'body');
}

/** Entries of the audit trail, one a line: who did what, and when. */
export function EntryList({ entries }: { entries: Entry[] }) {
  const texts = activityMessages.useTexts();
  const language = useLanguage();
  // Titles come with the tasks.
  useSyncExternalStore(tasks.subscribe, tasks.getRevision, tasks.getRevision);
  return (
    <ul>
      {entries.map((entry) => {
        const { actor } = entry;
        const person = actor?.login ? { ...actor, login: actor.login } : null;
        const title = titleOf(entry);
        const task = taskOf(entry);
        const did = texts.did[entry.action] ?? entry.action;
        return (
          <li key={entry.id} className="flex min-h-9 items-center gap-2 border-line border-b px-4 py-1">
            {person ? <Avatar person={person} /> : <Glyph name="mine" className="text-muted" />}
            <p className="line-clamp-2 min-w-0 grow sm:line-clamp-1" title={entry.action}>
              <span className="font-medium">{person ? nameOf(person) : texts.nobody}</span>{' '}
              <span className="text-muted">{did}</span>{' '}
              {title && task && entry.action !== 'task.delete' ? (
                <Link className="hover:underline" href={`/tasks/?status=all&task=${task}`}>
                  {title}
                </Link>
              ) : (
                title && texts.title_(title)
              )}
              {entry.outcome === 'denied' && (
                <span className="ml-2 font-medium text-danger">{texts.denied}</span>
              )}
            </p>
            <time
              className="shrink-0 text-muted text-xs"
              dateTime={entry.at}
              title={moment(entry.at, language)}
            >
              {ago(entry.at, language)}
            </time>
          </li>
        );
      })}
    </ul>
  );
}
