'use client';

import { type ReactNode, useEffect } from 'react';
import { SWRConfig } from 'swr';
import { ApiProblem } from '@/api/problem';
import { isComposing } from '@/keyboard/is-composing';
import { Toasts } from './Toasts';

/** Enter that confirms a conversion would submit the form around its field, in Safari. */
function keepComposing(event: KeyboardEvent): void {
  if (event.key === 'Enter' && isComposing(event)) event.preventDefault();
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
    </SWRConfig>
  );
}
