'use client';

import { type ReactNode, useId } from 'react';
import { Avatar, nameOf } from '@/components/Avatar';
import { PageBar } from '@/components/PageBar';
import { toastProblem } from '@/components/toast-store';
import { useMessages } from '@/messages/language';
import { switchOrganization } from '@/session/access-token';
import { useMe } from '@/session/session';
import { Appearance, Keyboard } from '@/settings/Appearance';
import { Sessions } from '@/settings/Sessions';

/** What the reader can set for themselves. */
export default function SettingsPage() {
  const m = useMessages();
  return (
    <>
      <PageBar title={m.settings.title} />
      <div className="min-h-0 grow overflow-y-auto px-4">
        <div className="max-w-2xl divide-y divide-line">
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
      </div>
    </>
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
  const { user, organization, organizations } = useMe();
  async function change(id: string) {
    try {
      await switchOrganization(id);
      // Nothing of the other organization may stay in memory.
      location.assign('/tasks/');
    } catch (problem) {
      toastProblem(m.tasks.failed(m.settings.organization), problem);
    }
  }
  const rows: [string, ReactNode][] = [
    [m.settings.login, user.login],
    [m.settings.email, user.email ?? m.settings.noEmail],
    [
      m.settings.organization,
      organizations.length > 1 ? (
        <select
          key="organization"
          aria-label={m.settings.organization}
          className="field"
          value={organization.id}
          onChange={(event) => void change(event.target.value)}
        >
          {organizations.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      ) : (
        organization.name
      ),
    ],
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
