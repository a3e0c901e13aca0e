'use client';

import type { ApiProblem } from '@/api/problem';
import { useMessages } from '@/messages/language';
import { explain } from './toast-store';

/** What failed to load, why, the request to find in the logs, and a way to try again. */
export function ProblemNote({ problem, retry }: { problem: ApiProblem; retry?: () => void }) {
  const m = useMessages();
  return (
    <div role="alert" className="m-4 rounded-md border border-danger px-3 py-2">
      <p>{explain(problem)}</p>
      {problem.requestId && <p className="text-muted text-xs">{m.app.requestId(problem.requestId)}</p>}
      {retry && (
        <button type="button" className="link-button mt-1" onClick={retry}>
          {m.app.retry}
        </button>
      )}
    </div>
  );
}
