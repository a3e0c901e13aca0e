'use client';

import { useState } from 'react';
import { api } from '@/api/client';
import { toastProblem } from '@/components/toast-store';
import { useMay, useMe } from '@/session/session';
import { importMessages } from './messages';

/** Every part of the export of the organization, as one text. */
async function wholeExport(): Promise<string> {
  const parts: string[] = [];
  let cursor: string | undefined;
  do {
    const { data, response } = await api.GET('/api/export', {
      params: { query: { cursor } },
      parseAs: 'text',
    });
    parts.push(data ?? '');
    cursor = response.headers.get('x-next-cursor') ?? undefined;
  } while (cursor);
  return parts.join('');
}

/** Saves everything that the organization has in one file, which the import reads. */
export function Export() {
  const m = importMessages.useTexts();
  const { name } = useMe().organization;
  const may = useMay('org.export');
  const [isReading, setReading] = useState(false);
  if (!may) return null;
  async function save() {
    setReading(true);
    try {
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([await wholeExport()], { type: 'application/x-ndjson' }));
      link.download = `${name}.ndjson`;
      link.click();
      URL.revokeObjectURL(link.href);
    } catch (problem) {
      toastProblem(m.exportFailed, problem, () => void save());
    }
    setReading(false);
  }
  return (
    <section aria-labelledby="export" className="border-line border-t pt-4">
      <h3 id="export" className="font-semibold">
        {m.exportTitle}
      </h3>
      <p className="mb-2 text-muted">{m.exportLead}</p>
      <button type="button" className="button" disabled={isReading} onClick={() => void save()}>
        {m.exportButton}
      </button>
    </section>
  );
}
