'use client';

import Link from 'next/link';
import { PlainPage } from '@/components/PlainPage';
import { useMessages } from '@/messages/language';

/** The page for an address that does not exist; CloudFront answers with it and status 404. */
export default function NotFound() {
  const m = useMessages();
  return (
    <PlainPage title={m.errors.notFound}>
      <p className="text-muted">{m.errors.notFoundLead}</p>
      <div className="mt-5 flex gap-2">
        <Link className="primary-button h-9 px-4 text-sm" href="/">
          {m.errors.home}
        </Link>
        <Link className="button h-9 px-4 text-sm" href="/tasks/">
          {m.nav.tasks}
        </Link>
      </div>
    </PlainPage>
  );
}
