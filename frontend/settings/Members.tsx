'use client';

import { useState } from 'react';
import { api, type Schema } from '@/api/client';
import { Avatar, nameOf } from '@/components/Avatar';
import { ProblemNote } from '@/components/ProblemNote';
import { SkeletonRows } from '@/components/SkeletonRows';
import { toast } from '@/components/toast-store';
import { ago, moment } from '@/messages/dates';
import { useLanguage, useMessages } from '@/messages/language';
import { useMay, useMe } from '@/session/session';
import { ifMatch } from '@/tasks/task-actions';
import { settingsMessages } from './messages';
import { useAttempt, useMembers, useRoles } from './use-organization';

type Member = Schema['Member'];

/** Who is in the organization, and with which role. */
export function Members() {
  const m = useMessages();
  const { items, problem, reload } = useMembers();
  const roles = useRoles().items ?? [];
  return (
    <>
      {problem && <ProblemNote problem={problem} retry={() => void reload()} />}
      {!items && !problem && <SkeletonRows label={m.app.loading} />}
      <ul className="border-line not-empty:border-t">
        {items?.map((member) => (
          <MemberRow key={member.id} member={member} roles={roles} reload={reload} />
        ))}
      </ul>
    </>
  );
}

function MemberRow({
  member,
  roles,
  reload,
}: {
  member: Member;
  roles: Schema['Role'][];
  reload: () => Promise<unknown>;
}) {
  const app = useMessages();
  const m = settingsMessages.useTexts();
  const language = useLanguage();
  const attempt = useAttempt();
  const mayManage = useMay('members.manage');
  const isMe = useMe().user.id === member.id;
  const [isSure, setSure] = useState(false);
  const who = nameOf(member);
  const params = { path: { user_id: member.id }, header: { 'If-Match': ifMatch(member.version) } };

  async function change(role: string) {
    const work = () => api.PATCH('/api/members/{user_id}', { params, body: { role } });
    const isDone = await attempt(m.members.role(who), work);
    if (isDone) toast({ text: m.members.changed(who, role) });
    await reload();
  }
  async function remove() {
    setSure(false);
    const isDone = await attempt(m.members.remove, () => api.DELETE('/api/members/{user_id}', { params }));
    if (isDone) toast({ text: m.members.removed(who) });
    await reload();
  }

  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 border-line border-b py-2">
      <Avatar person={member} />
      <span className="min-w-0 grow truncate">
        <span className="font-medium">{who}</span> <span className="text-muted">{member.login}</span>
        {isMe && <span className="text-green-ink"> ({m.members.you})</span>}
      </span>
      <span className="text-muted text-xs" title={moment(member.joined_at, language)}>
        {m.members.joined(ago(member.joined_at, language))}
      </span>
      {mayManage ? (
        <select
          aria-label={m.members.role(who)}
          className="field"
          value={member.role}
          onChange={(event) => void change(event.target.value)}
        >
          {[...new Set([member.role, ...roles.map(({ name }) => name)])].map((role) => (
            <option key={role} value={role}>
              {role}
            </option>
          ))}
        </select>
      ) : (
        <span>{member.role}</span>
      )}
      {mayManage && !isMe && (
        <button type="button" className="link-button" onClick={() => setSure(true)}>
          {m.members.remove}
        </button>
      )}
      {isSure && (
        <p role="alert" className="flex w-full flex-wrap items-center gap-2">
          {m.members.removeSure(who)}
          <button type="button" className="button" onClick={() => void remove()}>
            {m.members.remove}
          </button>
          <button type="button" className="link-button" onClick={() => setSure(false)}>
            {app.app.cancel}
          </button>
        </p>
      )}
    </li>
  );
}
