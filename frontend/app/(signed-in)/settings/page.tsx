'use client';

import { Suspense } from 'react';
import { part } from '@/components/part';

// Under way while the session is asked for.
const SettingsPage = part(() => import('@/settings/SettingsPage').then((module) => module.SettingsPage));
if (typeof window !== 'undefined') void SettingsPage.preload();

/** `/settings/?tab=members` */
export default function Page() {
  return (
    <Suspense>
      <SettingsPage />
    </Suspense>
  );
}
