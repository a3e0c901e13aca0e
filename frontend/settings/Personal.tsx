'use client';

import { type ReactNode, useId } from 'react';
import { Avatar, nameOf } from '@/components/Avatar';
import { useMessages } from '@/messages/language';
import { useMe } from '@/session/session';
import { Appearance, Keyboard } from './Appearance';
import { Sessions } from './Sessions';

/** What the reader can set for themselves. */
export function Personal() {
  const m = useMessages();
  return (
    <div className="divide-y divide-line">
      <Section title={m.settings.profile}>
        <Profile />
      </Section>
      <Section title={m.settings.look}>
        <Appearance />
      </Section>
      <Section title={m.settings.keys}>
        <Keyboard />
      </Section>
      <Section title={m.settings.sessions}>
        <Sessions />
      </Section>
    </div>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="py-5">
      <h2 id={id} className="mb-3 font-semibold text-base">
        {title}
      </h2>
      {children}
    </section>
  );
}

function Profile() {
  const m = useMessages();
  const { user, organization } = useMe();
  const rows: [string, ReactNode][] = [
    [m.settings.login, user.login],
    [m.settings.email, user.email ?? m.settings.noEmail],
    [m.settings.organization, organization.name],
    [m.settings.role, organization.role],
  ];
  return (
    <>
      <p className="mb-3 flex items-center gap-3">
        <Avatar person={user} size="large" />
        <span className="font-medium text-base">{nameOf(user)}</span>
      </p>
      <p className="mb-2 text-muted">{m.settings.profileLead}</p>
      <dl>
        {rows.map(([label, value]) => (
          <div key={label} className="flex min-h-7 items-center">
            <dt className="w-32 shrink-0 text-muted">{label}</dt>
            <dd className="min-w-0 truncate">{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
