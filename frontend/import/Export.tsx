'use client';

import { useState } from 'react';
import { api } from '@/api/client';
import { toastProblem } from '@/components/toast-store';
import { useMay, useMe } from '@/session/session';
import { importMessages } from './messages';
import { saveExport } from './save-export';

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
      await saveExport(name, (query) => api.GET('/api/export', { params: { query }, parseAs: 'text' }));
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
