'use client';

import { type FormEvent, useState } from 'react';
import { api, body, type Schema } from '@/api/client';
import { ProblemNote } from '@/components/ProblemNote';
import { SkeletonRows } from '@/components/SkeletonRows';
import { toast, toastProblem } from '@/components/toast-store';
import { moment } from '@/messages/dates';
import { useLanguage, useMessages } from '@/messages/language';
import { settingsMessages } from './messages';
import { useAttempt, useInvitations, useRoles } from './use-organization';

type Invitation = Schema['Invitation'];
const HOURS = [24, 72, 168, 720] as const;

/** Whether an invitation can still be used, and else why not. */
export function stateOf(invitation: Invitation, now = Date.now()): 'open' | 'expired' | 'used' | 'withdrawn' {
  if (invitation.revoked_at) return 'withdrawn';
  if (invitation.uses >= invitation.max_uses) return 'used';
  return Date.parse(invitation.expires_at) <= now ? 'expired' : 'open';
}

/** Links that let people in: made, copied and withdrawn here. */
export function Invitations() {
  const app = useMessages();
  const m = settingsMessages.useTexts().invitations;
  const { items, problem, reload } = useInvitations();
  const [isOpen, setOpen] = useState(false);
  const [link, setLink] = useState<string | null>(null);
  async function copy(url: string) {
    try {
      await navigator.clipboard.writeText(url);
      toast({ text: m.copied });
    } catch (problem) {
      toastProblem(app.tasks.failed(m.copy), problem);
    }
  }
  return (
    <>
      {!isOpen && (
        <button type="button" className="primary-button mb-4" onClick={() => setOpen(true)}>
          {m.create}
        </button>
      )}
      {isOpen && (
        <NewInvitation
          onDone={(url) => {
            setOpen(false);
            if (url) setLink(url);
            void reload();
          }}
        />
      )}
      {link && (
        <div role="status" className="mb-4 rounded-md border border-line-strong bg-chosen p-3">
          <p className="mb-2">{m.once}</p>
          <div className="flex gap-2">
            <input
              aria-label={m.link}
              className="field grow"
              readOnly
              value={link}
              onFocus={(event) => event.target.select()}
            />
            <button type="button" className="button" onClick={() => void copy(link)}>
              {m.copy}
            </button>
          </div>
        </div>
      )}
      {problem && <ProblemNote problem={problem} retry={() => void reload()} />}
      {!items && !problem && <SkeletonRows label={app.app.loading} />}
      {items?.length === 0 && <p className="text-muted">{m.empty}</p>}
      <ul className="border-line not-empty:border-t">
        {items?.map((invitation) => (
          <InvitationRow key={invitation.id} invitation={invitation} reload={reload} />
        ))}
      </ul>
    </>
  );
}

function InvitationRow({ invitation, reload }: { invitation: Invitation; reload: () => Promise<unknown> }) {
  const m = settingsMessages.useTexts().invitations;
  const language = useLanguage();
  const attempt = useAttempt();
  const state = stateOf(invitation);
  async function withdraw() {
    const params = { path: { invitation_id: invitation.id } };
    await attempt(m.withdraw, () => api.DELETE('/api/invitations/{invitation_id}', { params }));
    await reload();
  }
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 border-line border-b py-2">
      <span className={`font-medium ${state === 'open' ? 'text-green-ink' : 'text-muted'}`}>
        {m.states[state]}
      </span>
      <span>{invitation.role}</span>
      <span className="min-w-0 grow truncate text-muted">
        {[
          invitation.login ? m.for(invitation.login) : m.anybody,
          m.used(invitation.uses, invitation.max_uses),
          m.until(moment(invitation.expires_at, language)),
        ].join(' · ')}
      </span>
      {state === 'open' && (
        <button type="button" className="link-button" onClick={() => void withdraw()}>
          {m.withdraw}
        </button>
      )}
    </li>
  );
}

function NewInvitation({ onDone }: { onDone: (url: string | null) => void }) {
  const app = useMessages();
  const m = settingsMessages.useTexts().invitations;
  const attempt = useAttempt();
  const roles = useRoles().items ?? [];
  const [isSending, setSending] = useState(false);
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const login = String(form.get('login') ?? '').trim();
    setSending(true);
    await attempt(m.submit, async () => {
      const created = await body(
        api.POST('/api/invitations', {
          body: {
            role: String(form.get('role')),
            expires_in_hours: Number(form.get('hours')),
            max_uses: login ? 1 : Number(form.get('uses')),
            login: login || null,
          },
        }),
      );
      onDone(created.url);
    });
    setSending(false);
  }
  return (
    <form className="mb-4 flex flex-wrap items-end gap-3" onSubmit={(event) => void submit(event)}>
      <label className="flex flex-col gap-1">
        <span className="text-muted">{m.role}</span>
        {/* The least that can work is offered first: nobody invites an owner by a mistake. */}
        <select name="role" className="field" key={roles.length} defaultValue="member">
          {roles.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label className="flex flex-col gap-1">
        <span className="text-muted">{m.expiry}</span>
        <select name="hours" className="field" defaultValue="168">
          {HOURS.map((hours) => (
            <option key={hours} value={hours}>
              {m.hours[hours]}
            </option>
          ))}
        </select>
      </label>
      <label className="flex flex-col gap-1">
        <span className="text-muted">{m.uses}</span>
        <input name="uses" type="number" min={1} max={100} defaultValue={1} required className="field w-24" />
      </label>
      <label className="flex flex-col gap-1">
        <span className="text-muted">{m.login}</span>
        <input name="login" className="field" maxLength={100} pattern="[A-Za-z0-9_\-]+" autoComplete="off" />
      </label>
      <button type="submit" className="primary-button" disabled={isSending || roles.length === 0}>
        {m.submit}
      </button>
      <button type="button" className="button" onClick={() => onDone(null)}>
        {app.app.cancel}
      </button>
    </form>
  );
}
