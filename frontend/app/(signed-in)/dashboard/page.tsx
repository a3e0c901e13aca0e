'use client';

import { Dashboard } from '@/dashboard/Dashboard';

/** `/dashboard/` */
export default Dashboard;
