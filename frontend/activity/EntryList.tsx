'use client';

import Link from 'next/link';
import { Avatar, nameOf } from '@/components/Avatar';
import { Glyph } from '@/components/icons';
import { ago, moment } from '@/messages/dates';
import { useLanguage } from '@/messages/language';
import { tasks } from '@/tasks/task-store';
import { activityMessages } from './messages';
import type { Entry } from './use-activity';

/** The title of the task that an entry is about, as far as the entry or this page knows it. */
function titleOf(entry: Entry): string | undefined {
  for (const side of [entry.after, entry.before]) {
    if (side && typeof side === 'object' && 'title' in side && typeof side.title === 'string')
      return side.title;
  }
  return entry.target_id ? tasks.get(entry.target_id)?.title : undefined;
}

/** Entries of the audit trail, one a line: who did what, and when. */
export function EntryList({ entries }: { entries: Entry[] }) {
  const texts = activityMessages.useTexts();
  const language = useLanguage();
  return (
    <ul>
      {entries.map((entry) => {
        const { actor } = entry;
        const person = actor?.login ? { ...actor, login: actor.login } : null;
        const title = titleOf(entry);
        const did = texts.did[entry.action] ?? entry.action;
        return (
          <li key={entry.id} className="flex min-h-9 items-center gap-2 border-line border-b px-4 py-1">
            {person ? <Avatar person={person} /> : <Glyph name="mine" className="text-muted" />}
            <p className="min-w-0 grow truncate" title={entry.action}>
              <span className="font-medium">{person ? nameOf(person) : texts.nobody}</span>{' '}
              <span className="text-muted">{did}</span>{' '}
              {title && entry.target_id && entry.action !== 'task.delete' ? (
                <Link className="hover:underline" href={`/tasks/?status=all&task=${entry.target_id}`}>
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
