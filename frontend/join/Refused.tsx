'use client';

import Link from 'next/link';
import type { ReactNode } from 'react';
import { PlainPage } from '@/components/PlainPage';
import { toastProblem } from '@/components/toast-store';
import { useMessages } from '@/messages/language';
import { openOrganization } from '@/session/open-organization';
import type { Me } from '@/session/session';
import { joinMessages } from './messages';
import type { Refusal } from './refusal';
import { signInAs } from './ways';

/** Why the invitation cannot be used, and what can be done instead. */
export function Refused({ refusal, code, me }: { refusal: Refusal; code: string | null; me: Me | null }) {
  const m = joinMessages.useTexts();
  const app = useMessages();
  const login = me?.user.login ?? '';
  const { title } = m.refused[refusal.why];
  async function attempt(work: () => Promise<void>) {
    try {
      await work();
    } catch (problem) {
      toastProblem(app.tasks.failed(title), problem);
    }
  }
  function action(): ReactNode {
    if (refusal.why === 'wrongAccount' && code) {
      const { wanted } = refusal;
      return (
        <button
          type="button"
          className="primary-button h-9 px-4 text-sm"
          onClick={() => void attempt(() => signInAs(code, wanted))}
        >
          {wanted ? m.refused.wrongAccount.button(wanted) : m.otherAccount}
        </button>
      );
    }
    if (refusal.why === 'member' && refusal.organization) {
      const { id, name } = refusal.organization;
      return (
        <button
          type="button"
          className="primary-button h-9 px-4 text-sm"
          onClick={() => void attempt(() => openOrganization(id))}
        >
          {m.open(name)}
        </button>
      );
    }
    return null;
  }
  return (
    <PlainPage title={title}>
      <p role="alert" className="text-muted">
        {refusal.why === 'wrongAccount'
          ? refusal.wanted
            ? m.refused.wrongAccount.text(refusal.wanted, login)
            : m.refused.wrongAccount.anonymous(login)
          : m.refused[refusal.why].text}
      </p>
      <div className="mt-5 flex flex-wrap items-center gap-3">
        {action()}
        <Link className="link-button" href={me ? '/tasks/' : '/'}>
          {me ? m.tasks : app.login.back}
        </Link>
      </div>
    </PlainPage>
  );
}
