'use client';

import useSWR from 'swr';
import { api, body, type Schema } from '@/api/client';
import type { ApiProblem } from '@/api/problem';
import { ProblemNote } from '@/components/ProblemNote';
import { SkeletonRows } from '@/components/SkeletonRows';
import { toastProblem } from '@/components/toast-store';
import { ago, moment } from '@/messages/dates';
import { useLanguage, useMessages } from '@/messages/language';
import { signOut, signOutEverywhere } from '@/session/session';

/** `Chrome 131, Linux` of a user agent; null when it names nothing that is known. */
export function browserOf(agent: string): string | null {
  const browser = /(Firefox|Edg|OPR|Chrome|Version)\/(\d+)/.exec(agent.replace(/HeadlessChrome/, 'Chrome'));
  if (!browser) return null;
  const names: Record<string, string> = { Edg: 'Edge', OPR: 'Opera', Version: 'Safari' };
  const edge = /(Edg|OPR)\/(\d+)/.exec(agent) ?? browser;
  const system = /iPhone|iPad|Android|Windows|Mac OS|Linux/.exec(agent)?.[0];
  const name = `${names[edge[1] ?? ''] ?? edge[1]} ${edge[2]}`;
  return system ? `${name}, ${system}` : name;
}

/** Where the reader is signed in, and how to end it. */
export function Sessions() {
  const m = useMessages();
  const language = useLanguage();
  const { data, error, mutate } = useSWR<Schema['Sessions'], ApiProblem>('/api/auth/sessions', () =>
    body(api.GET('/api/auth/sessions')),
  );
  async function attempt(work: () => Promise<unknown>) {
    try {
      await work();
    } catch (problem) {
      toastProblem(m.tasks.failed(m.settings.sessions), problem);
    }
  }
  async function end(session: Schema['Session']) {
    if (session.current) return signOut();
    await api.DELETE('/api/auth/sessions/{session_id}', { params: { path: { session_id: session.id } } });
    await mutate();
  }
  return (
    <div>
      {error && <ProblemNote problem={error} retry={() => void mutate()} />}
      {!data && !error && <SkeletonRows label={m.app.loading} />}
      <ul className="border-line not-empty:border-t">
        {data?.items.map((session) => (
          <li
            key={session.id}
            className="flex flex-wrap items-center gap-x-3 gap-y-1 border-line border-b py-2"
          >
            <span className="font-medium">
              {browserOf(session.user_agent ?? '') ?? m.settings.unknownAgent}
            </span>
            {session.current && <span className="text-green-ink">{m.settings.current}</span>}
            <span className="grow text-muted text-xs" title={moment(session.created_at, language)}>
              {[
                session.ip_address,
                m.settings.since(ago(session.created_at, language)),
                m.settings.seen(ago(session.last_seen_at, language)),
              ]
                .filter(Boolean)
                .join(' · ')}
            </span>
            <button type="button" className="link-button" onClick={() => void attempt(() => end(session))}>
              {session.current ? m.settings.signOut : m.settings.end}
            </button>
          </li>
        ))}
      </ul>
      <div className="mt-3 flex flex-wrap items-center gap-3">
        <button type="button" className="button" onClick={() => void attempt(signOutEverywhere)}>
          {m.settings.everywhere}
        </button>
        <span className="text-muted">{m.settings.everywhereSure}</span>
      </div>
    </div>
  );
}
