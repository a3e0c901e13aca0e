'use client';

import type { ReactNode } from 'react';
import { SWRConfig } from 'swr';
import { ApiProblem } from '@/api/problem';
import { Toasts } from './Toasts';

/** What every page has around it: how resources are read again, and the messages at the bottom. */
export function Providers({ children }: { children: ReactNode }) {
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
