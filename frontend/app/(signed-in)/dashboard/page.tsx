'use client';

import { part } from '@/components/part';

// Under way while the session is asked for.
const Dashboard = part(() => import('@/dashboard/Dashboard').then((module) => module.Dashboard));
if (typeof window !== 'undefined') void Dashboard.preload();

/** `/dashboard/` */
export default Dashboard;
