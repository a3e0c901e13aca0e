'use client';

import dynamic from 'next/dynamic';

// Under way while the session is asked for.
const load = () => import('@/dashboard/Dashboard').then((module) => module.Dashboard);
if (typeof window !== 'undefined') void load();

/** `/dashboard/` */
export default dynamic(load, { ssr: false });
