'use client';

import dynamic from 'next/dynamic';
import { Suspense } from 'react';

// Under way while the session is asked for.
const load = () => import('@/inbox/InboxPage').then((module) => module.InboxPage);
if (typeof window !== 'undefined') void load();
const InboxPage = dynamic(load, { ssr: false });

/** `/inbox/?show=archived&task=MIY-12` */
export default function Page() {
  return (
    <Suspense>
      <InboxPage />
    </Suspense>
  );
}
