'use client';

import { useState, useSyncExternalStore } from 'react';
import { Dialog } from '@/components/Dialog';
import { useMessages } from '@/messages/language';
import { conflicts, type OpenConflict } from './conflict-store';
import { TitleCount } from './TitleCount';
import { isTooLong } from './title-length';

/** Asks about the first text that two people wrote. */
export function ConflictDialog() {
  const open = useSyncExternalStore(conflicts.subscribe, conflicts.current, () => undefined);
  if (!open) return null;
  return <Choice key={`${open.task.id} ${open.conflict.field}`} open={open} />;
}

function Choice({ open }: { open: OpenConflict }) {
  const m = useMessages();
  const { field, mine, theirs } = open.conflict;
  const [text, setText] = useState(mine);
  const rows = field === 'title' ? 2 : 10;
  return (
    <Dialog title={m.conflict.title} onClose={() => open.answer(null)} isWide>
      <div className="overflow-y-auto p-4">
        <p className="mb-3 text-muted">{m.conflict.lead(m.fields[field])}</p>
        <div className="grid gap-4 sm:grid-cols-2">
          <label className="flex flex-col gap-1 font-medium">
            {m.conflict.theirs}
            <textarea className="field h-auto py-1.5 font-normal" rows={rows} readOnly value={theirs} />
          </label>
          <label className="flex flex-col gap-1 font-medium">
            {m.conflict.mine}
            <textarea
              className="field h-auto py-1.5 font-normal"
              rows={rows}
              value={text}
              onChange={(event) =>
                setText(field === 'title' ? event.target.value.replace(/\n/g, ' ') : event.target.value)
              }
            />
          </label>
        </div>
        {field === 'title' && <TitleCount id="chosen-title-count" title={text} />}
        <div className="mt-4 flex flex-wrap justify-end gap-2">
          <button type="button" className="button" onClick={() => open.answer(null)}>
            {m.conflict.keepTheirs}
          </button>
          <button
            type="button"
            className="primary-button"
            disabled={field === 'title' && (!text.trim() || isTooLong(text))}
            onClick={() => open.answer(text)}
          >
            {m.conflict.keepMine}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
