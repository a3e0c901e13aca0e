'use client';

import Link from 'next/link';
import { PlainPage } from '@/components/PlainPage';
import { useMessages } from '@/messages/language';
import { signInUrl, useSession } from '@/session/session';

/** What this is, and the way in. */
export default function HomePage() {
  const m = useMessages();
  const session = useSession();
  return (
    <PlainPage title={m.app.lead}>
      <div className="mt-2 flex flex-wrap gap-2">
        {session.state === 'signed-in' ? (
          <Link className="primary-button h-9 px-4 text-sm" href="/tasks/">
            {m.home.open}
          </Link>
        ) : (
          <a className="primary-button h-9 px-4 text-sm" href={signInUrl('/tasks/')}>
            {m.home.signIn}
          </a>
        )}
        <a className="button h-9 px-4 text-sm" href="/swagger-ui/">
          {m.home.api}
        </a>
      </div>
      <dl className="mt-10 divide-y divide-line border-line border-y">
        {m.home.points.map(([name, text]) => (
          <div key={name} className="grid gap-1 py-3 sm:grid-cols-[9rem_1fr]">
            <dt className="font-semibold">{name}</dt>
            <dd className="text-muted">{text}</dd>
          </div>
        ))}
      </dl>
    </PlainPage>
  );
}
