'use client';

import dynamic from 'next/dynamic';
import { useState } from 'react';
import { Glyph } from '@/components/icons';
import { useMessages } from '@/messages/language';
import type { ListQuery } from '@/tasks/list-query';

const ViewDialog = dynamic(
  () =>
    Promise.all([
      import('./ViewDialog'),
      import('./messages').then((module) => module.viewMessages.ready()),
    ]).then(([module]) => module.ViewDialog),
  { ssr: false },
);

/** Opens the saved views, and the form that saves what is shown. */
export function ViewButton({ query }: { query: ListQuery }) {
  const m = useMessages();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        className="icon-button"
        aria-label={m.nav.views}
        title={m.nav.views}
        onClick={() => setOpen(true)}
      >
        <Glyph name="star" />
      </button>
      {isOpen && <ViewDialog query={query} onClose={() => setOpen(false)} />}
    </>
  );
}
