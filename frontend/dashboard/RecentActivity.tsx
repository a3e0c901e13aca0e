'use client';

import Link from 'next/link';
import { EntryList } from '@/activity/EntryList';
import { activityMessages } from '@/activity/messages';
import { useActivity } from '@/activity/use-activity';
import { ProblemNote } from '@/components/ProblemNote';
import { SkeletonRows } from '@/components/SkeletonRows';
import { useMessages } from '@/messages/language';

/** The last entries of the audit trail, for those who may read it. */
export function RecentActivity() {
  const m = useMessages();
  const texts = activityMessages.useTexts();
  const { items, problem, reload } = useActivity(12);
  return (
    <section aria-labelledby="recent" className="min-w-0 border-line lg:border-l">
      <h2
        id="recent"
        className="flex h-9 items-center justify-between border-line border-b px-4 font-semibold"
      >
        {m.dashboard.recent}
        <Link className="link-button" href="/activity/">
          {m.dashboard.allActivity}
        </Link>
      </h2>
      {problem && <ProblemNote problem={problem} retry={reload} />}
      {!items && !problem && <SkeletonRows label={m.app.loading} />}
      {items?.length === 0 && <p className="p-4 text-muted">{texts.empty}</p>}
      {items && <EntryList entries={items.slice(0, 12)} />}
    </section>
  );
}
