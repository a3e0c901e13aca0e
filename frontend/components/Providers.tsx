'use client';

import { type ReactNode, useEffect, useSyncExternalStore } from 'react';
import { SWRConfig } from 'swr';
import { ApiProblem } from '@/api/problem';
import { isComposing } from '@/keyboard/is-composing';
import { leaving } from '@/session/leaving';
import { part } from './part';
import { Toasts } from './Toasts';

const SignOutDialog = part(() => import('./SignOutDialog').then((module) => module.SignOutDialog));

/** Enter that confirms a conversion would submit the form around its field, in Safari. */
function keepComposing(event: KeyboardEvent): void {
  if (event.key === 'Enter' && isComposing(event)) event.preventDefault();
}

/** Asks before a sign-out loses something, on whichever page it was begun. */
function SignOutQuestion() {
  const question = useSyncExternalStore(leaving.subscribe, leaving.current, () => null);
  return question && <SignOutDialog {...question} />;
}

/**
 * What every page has around it: how resources are read again, the messages at the bottom, and that Enter of
 * an input method submits nothing.
 */
export function Providers({ children }: { children: ReactNode }) {
  useEffect(() => {
    window.addEventListener('keydown', keepComposing, { capture: true });
    return () => window.removeEventListener('keydown', keepComposing, { capture: true });
  }, []);
  return (
    <SWRConfig
      value={{
        revalidateOnFocus: true,
        // What is wrong with a request stays wrong; what is temporary is tried again.
        shouldRetryOnError: (error) => error instanceof ApiProblem && error.isTemporary,
        errorRetryCount: 5,
      }}
    >
      {children}
      <Toasts />
      <SignOutQuestion />
    </SWRConfig>
  );
}
