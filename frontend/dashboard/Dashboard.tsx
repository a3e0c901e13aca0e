'use client';

import { PageBar } from '@/components/PageBar';
import { useMessages } from '@/messages/language';
import { useMay } from '@/session/session';
import { Counters } from './Counters';
import { Flow } from './Flow';
import { RecentActivity } from './RecentActivity';
import { TaskManager } from './TaskManager';

/** How things stand: numbers, the reader's work, and what happened last. */
export function Dashboard() {
  const m = useMessages();
  const mayAudit = useMay('audit.read');
  return (
    <>
      <PageBar title={m.dashboard.title} />
      <div className="min-h-0 grow overflow-y-auto">
        <Counters />
        <Flow />
        <div className={mayAudit ? 'grid lg:grid-cols-2' : ''}>
          <TaskManager />
          {mayAudit && <RecentActivity />}
        </div>
      </div>
    </>
  );
}
