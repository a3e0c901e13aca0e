'use client';

import { useState } from 'react';
import useSWR from 'swr';
import { api, body, type Schema } from '@/api/client';
import type { ApiProblem } from '@/api/problem';
import { PlainPage } from '@/components/PlainPage';
import { ProblemNote } from '@/components/ProblemNote';
import { toastProblem } from '@/components/toast-store';
import { moment } from '@/messages/dates';
import { useLanguage } from '@/messages/language';
import { openOrganization } from '@/session/open-organization';
import type { Me } from '@/session/session';
import { joinMessages } from './messages';
import { Refused } from './Refused';
import { refusalOf } from './refusal';
import { signInAs } from './ways';

type Preview = Schema['InvitationPreview'];

/** What the invitation offers to somebody who is signed in, and the button that accepts it. */
export function Invitation({ code, me }: { code: string; me: Me }) {
  const m = joinMessages.useTexts();
  const language = useLanguage();
  const [isJoining, setJoining] = useState(false);
  const [failure, setFailure] = useState<ApiProblem | null>(null);
  // A preview changes nothing: it can be asked for again like any resource.
  const { data, error, mutate } = useSWR<Preview, ApiProblem>(
    `/api/invitations/preview ${code}`,
    () => body(api.POST('/api/invitations/preview', { body: { code } })),
    { revalidateOnFocus: false },
  );

  async function join(preview: Preview) {
    setJoining(true);
    setFailure(null);
    try {
      await body(api.POST('/api/invitations/accept', { body: { code } }));
    } catch (problem) {
      setFailure(problem as ApiProblem);
      setJoining(false);
      return;
    }
    try {
      await openOrganization(preview.organization_id);
    } catch (problem) {
      setJoining(false);
      toastProblem(m.joined(preview.organization_name), problem, () => void join(preview));
    }
  }

  async function leave() {
    try {
      await signInAs(code, null);
    } catch (problem) {
      toastProblem(m.otherAccount, problem, () => void leave());
    }
  }

  const problem = failure ?? error ?? null;
  const refusal = problem && refusalOf(problem, me.organizations);
  if (refusal) return <Refused refusal={refusal} code={code} me={me} />;
  return (
    <PlainPage title={m.title}>
      {problem && (
        <ProblemNote
          problem={problem}
          retry={() => {
            setFailure(null);
            void mutate();
          }}
        />
      )}
      {data && (
        <>
          <p className="text-base">{m.lead(data.organization_name, data.role)}</p>
          <p className="mt-1 text-muted">
            {m.expires(moment(data.expires_at, language))} {m.signedInAs(me.user.login)}
          </p>
        </>
      )}
      <div className="mt-5 flex flex-wrap items-center gap-3">
        {data && (
          <button
            type="button"
            className="primary-button h-9 px-4 text-sm"
            disabled={isJoining}
            onClick={() => void join(data)}
          >
            {isJoining ? m.joining : m.join(data.organization_name)}
          </button>
        )}
        {data && !data.login && (
          <button type="button" className="link-button" onClick={() => void leave()}>
            {m.otherAccount}
          </button>
        )}
        <a className="link-button" href="/tasks/">
          {m.notNow}
        </a>
      </div>
    </PlainPage>
  );
}
