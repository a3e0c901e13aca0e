'use client';

import { PlainPage } from '@/components/PlainPage';
import { useMessages } from '@/messages/language';

/** What is shown when a page fails while it renders. */
export default function ErrorPage({ reset }: { reset: () => void }) {
  const m = useMessages();
  return (
    <PlainPage title={m.errors.title}>
      <p role="alert" className="text-muted">
        {m.errors.unexpected}
      </p>
      <div className="mt-5 flex gap-2">
        <button type="button" className="primary-button h-9 px-4 text-sm" onClick={reset}>
          {m.app.retry}
        </button>
        {/* A whole load: what failed may be in memory. */}
        <a className="button h-9 px-4 text-sm" href="/">
          {m.errors.home}
        </a>
      </div>
    </PlainPage>
  );
}
