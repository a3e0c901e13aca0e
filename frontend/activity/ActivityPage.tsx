'use client';

import { useState } from 'react';
import { Empty } from '@/components/Empty';
import { PageBar } from '@/components/PageBar';
import { ProblemNote } from '@/components/ProblemNote';
import { SkeletonRows } from '@/components/SkeletonRows';
import { useMessages } from '@/messages/language';
import { useMay } from '@/session/session';
import { EntryList } from './EntryList';
import { activityMessages } from './messages';
import { type Outcome, useActivity } from './use-activity';

/** The audit trail of the organization. */
export function ActivityPage() {
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
