'use client';

import { PageBar } from '@/components/PageBar';
import { Counters } from '@/dashboard/Counters';
import { RecentActivity } from '@/dashboard/RecentActivity';
import { TaskManager } from '@/dashboard/TaskManager';
import { useMessages } from '@/messages/language';
import { useMay } from '@/session/session';

/** How things stand: numbers, the reader's work, and what happened last. */
export default function DashboardPage() {
  const m = useMessages();
  const mayAudit = useMay('audit.read');
  return (
    <>
      <PageBar title={m.dashboard.title} />
      <div className="min-h-0 grow overflow-y-auto">
        <Counters />
        <div className={mayAudit ? 'grid lg:grid-cols-2' : ''}>
          <TaskManager />
          {mayAudit && <RecentActivity />}
        </div>
      </div>
    </>
  );
}
