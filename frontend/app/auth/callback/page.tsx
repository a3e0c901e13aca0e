'use client';

import Link from 'next/link';
import { useEffect, useState } from 'react';
import { PlainPage } from '@/components/PlainPage';
import type { Messages } from '@/messages/en';
import { useMessages } from '@/messages/language';
import { signInUrl } from '@/session/session';

type Reason = keyof Messages['callback']['reasons'];

function reasonOf(code: string, reasons: Messages['callback']['reasons']): string {
  return code in reasons ? reasons[code as Reason] : reasons.unknown;
}

/**
 * Where `GET /api/auth/callback` sends a browser whose sign-in failed, with `error` and `request_id`.
 * One that succeeded goes to the page that it began on, not here.
 */
export default function CallbackPage() {
  const m = useMessages();
  const [failure, setFailure] = useState<{ code: string; requestId: string | null } | null>(null);
  useEffect(() => {
    const parameters = new URLSearchParams(location.search);
    const code = parameters.get('error');
    if (code) setFailure({ code, requestId: parameters.get('request_id') });
  }, []);
  if (!failure) {
    return (
      <PlainPage title={m.callback.done}>
        <p className="text-muted">{m.callback.doneLead}</p>
        <Link className="primary-button mt-5 h-9 self-start px-4 text-sm" href="/tasks/">
          {m.home.open}
        </Link>
      </PlainPage>
    );
  }
  return (
    <PlainPage title={m.callback.title}>
      <p role="alert">{reasonOf(failure.code, m.callback.reasons)}</p>
      {failure.requestId && <p className="mt-1 text-muted text-xs">{m.app.requestId(failure.requestId)}</p>}
      <div className="mt-5 flex flex-wrap items-center gap-3">
        <a className="primary-button h-9 px-4 text-sm" href={signInUrl('/tasks/')}>
          {m.callback.again}
        </a>
        <Link className="link-button" href="/">
          {m.login.back}
        </Link>
      </div>
    </PlainPage>
  );
}
