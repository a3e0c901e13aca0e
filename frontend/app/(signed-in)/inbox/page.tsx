'use client';

import { Suspense } from 'react';
import { InboxPage } from '@/inbox/InboxPage';

/** `/inbox/?show=archived&task=MIY-12` */
export default function Page() {
  return (
    <Suspense>
      <InboxPage />
    </Suspense>
  );
}
