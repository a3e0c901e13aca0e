'use client';

import { Suspense } from 'react';
import { part } from '@/components/part';

// Under way while the session is asked for.
const TaskPage = part(() => import('@/tasks/TaskPage').then((module) => module.TaskPage));
if (typeof window !== 'undefined') void TaskPage.preload();

/** `/tasks/?view=board&status=all&task=..`: the address says what is shown. */
export default function Page() {
  return (
    <Suspense>
      <TaskPage />
    </Suspense>
  );
}
