'use client';

import { Suspense } from 'react';
import { part } from '@/components/part';

// Under way while the session is asked for.
const InboxPage = part(() => import('@/inbox/InboxPage').then((module) => module.InboxPage));
if (typeof window !== 'undefined') void InboxPage.preload();

/** `/inbox/?show=archived&task=MIY-12` */
export default function Page() {
  return (
    <Suspense>
      <InboxPage />
    </Suspense>
  );
}
