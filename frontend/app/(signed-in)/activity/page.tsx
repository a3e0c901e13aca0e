'use client';

import { useState } from 'react';
import { EntryList } from '@/activity/EntryList';
import { activityMessages } from '@/activity/messages';
import { type Outcome, useActivity } from '@/activity/use-activity';
import { Empty } from '@/components/Empty';
import { PageBar } from '@/components/PageBar';
import { ProblemNote } from '@/components/ProblemNote';
import { SkeletonRows } from '@/components/SkeletonRows';
import { useMessages } from '@/messages/language';
import { useMay } from '@/session/session';

/** The audit trail of the organization. */
export default function ActivityPage() {
  const texts = activityMessages.useTexts();
  const may = useMay('audit.read');
  if (may) return <Trail />;
  return (
    <>
      <PageBar title={texts.title} />
      <Empty text={texts.missing} />
    </>
  );
}

function Trail() {
  const m = useMessages();
  const texts = activityMessages.useTexts();
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const { items, problem, hasMore, loadMore, reload } = useActivity(50, outcome);
  return (
    <>
      <PageBar title={texts.title}>
        <select
          aria-label={texts.outcome}
          className="field"
          value={outcome ?? ''}
          onChange={(event) => setOutcome(event.target.value === 'denied' ? 'denied' : null)}
        >
          <option value="">{texts.everything}</option>
          <option value="denied">{texts.onlyDenied}</option>
        </select>
      </PageBar>
      <div className="min-h-0 grow overflow-y-auto">
        {problem && <ProblemNote problem={problem} retry={reload} />}
        {!items && !problem && <SkeletonRows label={m.app.loading} />}
        {items?.length === 0 && <Empty text={texts.empty} />}
        {items && <EntryList entries={items} />}
        {hasMore && (
          <button type="button" className="button m-4" onClick={loadMore}>
            {m.tasks.more}
          </button>
        )}
      </div>
    </>
  );
}
