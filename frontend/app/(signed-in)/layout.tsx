'use client';

import { usePathname, useRouter } from 'next/navigation';
import { type ReactNode, useEffect, useRef } from 'react';
import type { ApiProblem } from '@/api/problem';
import { PlainPage } from '@/components/PlainPage';
import { ProblemNote } from '@/components/ProblemNote';
import { part } from '@/components/part';
import { SkeletonRows } from '@/components/SkeletonRows';
import { useMessages } from '@/messages/language';
import { MeContext, useSession } from '@/session/session';

function Waiting() {
  const m = useMessages();
  return (
    <main>
      <SkeletonRows label={m.app.loading} />
    </main>
  );
}

/** Without who is signed in there is no page to show. */
function Failed({ problem, retry }: { problem: ApiProblem; retry: () => void }) {
  const m = useMessages();
  return (
    <PlainPage title={m.errors.title}>
      <div className="-mx-4">
        <ProblemNote problem={problem} retry={retry} />
      </div>
    </PlainPage>
  );
}

// Under way while the session is asked for; a page that only leads to the sign-in does without it.
const AppFrame = part(() => import('@/components/AppFrame').then((module) => module.AppFrame), <Waiting />);
if (typeof window !== 'undefined') void AppFrame.preload();

/** The pages for people who are signed in; others are sent to the sign-in and come back here. */
export default function SignedInLayout({ children }: { children: ReactNode }) {
  const router = useRouter();
  const path = usePathname();
  const session = useSession();
  const wasSignedIn = useRef(false);
  if (session.state === 'signed-in') wasSignedIn.current = true;
  const isOut = session.state === 'signed-out';
  useEffect(() => {
    if (!isOut) return;
    const back = encodeURIComponent(`${path}${location.search}`);
    const target = `/login/?return_to=${back}${wasSignedIn.current ? '&ended=1' : ''}`;
    // A session that ended leaves nothing in memory: a whole load, not a step of the router.
    if (wasSignedIn.current) location.replace(target);
    else router.replace(target);
  }, [isOut, path, router]);
  if (session.state === 'signed-in') {
    return (
      <MeContext value={session.me}>
        <AppFrame>{children}</AppFrame>
      </MeContext>
    );
  }
  if (session.state === 'failed') return <Failed problem={session.problem} retry={session.retry} />;
  return <Waiting />;
}
