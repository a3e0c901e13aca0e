import type { ReactNode } from 'react';
import { Mark } from './icons';

/** A page without the application's frame: start, sign-in, errors. */
export function PlainPage({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="mx-auto flex min-h-dvh max-w-xl flex-col justify-center px-5 py-12">
      <div className="mb-6 flex items-center gap-2 font-semibold text-base">
        <Mark />
        Miyabi
      </div>
      <h1 className="mb-3 text-balance font-semibold text-2xl leading-8 tracking-tight">{title}</h1>
      {children}
    </main>
  );
}
