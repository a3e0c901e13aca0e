'use client';

import dynamic from 'next/dynamic';
import { Suspense } from 'react';

// Under way while the session is asked for.
const load = () => import('@/tasks/TaskPage').then((module) => module.TaskPage);
if (typeof window !== 'undefined') void load();
const TaskPage = dynamic(load, { ssr: false });

/** `/tasks/?view=board&status=all&task=..`: the address says what is shown. */
export default function Page() {
  return (
    <Suspense>
      <TaskPage />
    </Suspense>
  );
}
