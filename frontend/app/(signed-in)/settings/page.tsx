'use client';

import { Suspense } from 'react';
import { SettingsPage } from '@/settings/SettingsPage';

/** `/settings/?tab=members` */
export default function Page() {
  return (
    <Suspense>
      <SettingsPage />
    </Suspense>
  );
}
