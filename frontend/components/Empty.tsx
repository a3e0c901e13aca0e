import type { ReactNode } from 'react';

/** What a page says in place of a list that has nothing in it, with what can be done about it. */
export function Empty({ text, children }: { text: string; children?: ReactNode }) {
  return (
    <div className="mx-auto max-w-sm px-6 py-16 text-center">
      <p className="text-balance text-muted">{text}</p>
      {children}
    </div>
  );
}
