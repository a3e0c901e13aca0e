import type { ReactNode } from 'react';

/** The one line above the content of a page: its title, and what can be done. */
export function PageBar({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="flex min-h-11 shrink-0 items-center gap-3 border-line border-b px-4">
      <h1 className="grow font-semibold">{title}</h1>
      {children}
    </div>
  );
}
