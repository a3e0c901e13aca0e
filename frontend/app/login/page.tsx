'use client';

import Link from 'next/link';
import { useEffect, useState } from 'react';
import { PlainPage } from '@/components/PlainPage';
import { useMessages } from '@/messages/language';
import { signInUrl } from '@/session/session';

/** Only paths of this site: two slashes, or one and a backslash, begin another host. */
function ownPath(path: string | null): string {
  return path && /^\/(?![/\\])/.test(path) ? path : '/tasks/';
}

/** The sign-in, for somebody who came to a page without a session. */
export default function LoginPage() {
  const m = useMessages();
  const [{ returnTo, isEnded }, set] = useState({ returnTo: '/tasks/', isEnded: false });
  useEffect(() => {
    const parameters = new URLSearchParams(location.search);
    set({ returnTo: ownPath(parameters.get('return_to')), isEnded: parameters.has('ended') });
  }, []);
  return (
    <PlainPage title={m.login.title}>
      <p className="text-muted">{isEnded ? m.login.ended : m.login.lead}</p>
      <div className="mt-5 flex flex-wrap items-center gap-3">
        <a className="primary-button h-9 px-4 text-sm" href={signInUrl(returnTo)}>
          {m.home.signIn}
        </a>
        <Link className="link-button" href="/">
          {m.login.back}
        </Link>
      </div>
    </PlainPage>
  );
}
