import { cleanup, render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { SWRConfig } from 'swr';
import { afterEach, vi } from 'vitest';
import { Toasts } from '@/components/Toasts';
import { closeToast, toasts } from '@/components/toast-store';
import { MeContext, useSession } from '@/session/session';
import { type Asked, serve } from './server';

const ALICE = { id: 'p1', login: 'alice', name: 'Alice', avatar_url: null };

/** Pages for people who are signed in are shown once it is known who that is. */
function SignedIn({ children }: { children: ReactNode }) {
  const session = useSession();
  return session.state === 'signed-in' ? <MeContext value={session.me}>{children}</MeContext> : null;
}

/** Opens a page for Alice, who has a role with these permissions in her one organization. */
export function openPage(
  page: ReactNode,
  { role, permissions }: { role: string; permissions: string[] },
  answers: Parameters<typeof serve>[0],
): Asked[] {
  const organization = { id: 'o1', name: 'Garden', role };
  const asked = serve({
    'GET /api/auth/me': {
      body: { user: ALICE, organization, organizations: [organization], permissions, session_id: 's1' },
    },
    ...answers,
  });
  render(
    <SWRConfig value={{ provider: () => new Map(), dedupingInterval: 0 }}>
      <SignedIn>{page}</SignedIn>
      <Toasts />
    </SWRConfig>,
  );
  return asked;
}

/** The first request of a method and path. */
export const find = (asked: Asked[], request: string) => asked.find((entry) => entry.request === request);

afterEach(() => {
  cleanup();
  for (const { id } of toasts.shown()) closeToast(id);
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});
