'use client';

import { part } from '@/components/part';

// Under way while the session is asked for.
const ActivityPage = part(() => import('@/activity/ActivityPage').then((module) => module.ActivityPage));
if (typeof window !== 'undefined') void ActivityPage.preload();

/** `/activity/` */
export default ActivityPage;
