'use client';

import dynamic from 'next/dynamic';
import { Suspense } from 'react';

// Under way while the session is asked for.
const load = () => import('@/settings/SettingsPage').then((module) => module.SettingsPage);
if (typeof window !== 'undefined') void load();
const SettingsPage = dynamic(load, { ssr: false });

/** `/settings/?tab=members` */
export default function Page() {
  return (
    <Suspense>
      <SettingsPage />
    </Suspense>
  );
}
