'use client';

import { useEffect, useState } from 'react';
import { PlainPage } from '@/components/PlainPage';
import { ProblemNote } from '@/components/ProblemNote';
import { useMessages } from '@/messages/language';
import { signInUrl, useSession } from '@/session/session';
import { Invitation } from './Invitation';
import { joinMessages } from './messages';
import { Refused } from './Refused';
import { codeOf } from './refusal';
import { invitationPath } from './ways';

/** `/join/?code=..`: somebody has the link of an invitation, and may have to sign in first. */
export function JoinPage() {
  const m = joinMessages.useTexts();
  const app = useMessages();
  const session = useSession();
  // The address is not known while the page is exported.
  const [code, setCode] = useState<string | null | undefined>(undefined);
  useEffect(() => setCode(codeOf(location.search)), []);

  const me = session.state === 'signed-in' ? session.me : null;
  if (code === null) return <Refused refusal={{ why: 'unknown' }} code={null} me={me} />;
  if (code && me) return <Invitation code={code} me={me} />;
  return (
    <PlainPage title={m.title}>
      {session.state === 'failed' && <ProblemNote problem={session.problem} retry={session.retry} />}
      {session.state === 'loading' && <p role="status">{app.app.loading}</p>}
      {code && session.state === 'signed-out' && (
        <>
          <p className="text-muted">{m.signIn}</p>
          <a
            className="primary-button mt-5 h-9 self-start px-4 text-sm"
            href={signInUrl(invitationPath(code))}
          >
            {m.signInButton}
          </a>
        </>
      )}
    </PlainPage>
  );
}
