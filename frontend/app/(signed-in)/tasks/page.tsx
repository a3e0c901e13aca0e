'use client';

import { Suspense } from 'react';
import { TaskPage } from '@/tasks/TaskPage';

/** `/tasks/?view=board&status=all&task=..`: the address says what is shown. */
export default function Page() {
  return (
    <Suspense>
      <TaskPage />
    </Suspense>
  );
}
