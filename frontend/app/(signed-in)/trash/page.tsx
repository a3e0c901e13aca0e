'use client';

import { part } from '@/components/part';

// Under way while the session is asked for.
const TrashPage = part(() => import('@/tasks/TrashPage').then((module) => module.TrashPage));
if (typeof window !== 'undefined') void TrashPage.preload();

/** `/trash/` */
export default TrashPage;
