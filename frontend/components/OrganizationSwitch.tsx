'use client';

import { useMessages } from '@/messages/language';
import { openOrganization } from '@/session/open-organization';
import { useMe } from '@/session/session';
import { toastProblem } from './toast-store';

/** The organization of this browser; a choice where the reader is in several. */
export function OrganizationSwitch() {
  const m = useMessages();
  const { organization, organizations } = useMe();
  async function change(id: string) {
    try {
      await openOrganization(id);
    } catch (problem) {
      toastProblem(m.tasks.failed(m.settings.organization), problem);
    }
  }
  if (organizations.length < 2) {
    return <span className="min-w-0 grow truncate font-semibold">{organization.name}</span>;
  }
  return (
    <select
      aria-label={m.settings.organization}
      // Names that people gave: no text of the dashboard.
      data-typed
      className="min-w-0 grow truncate rounded bg-transparent py-1 font-semibold hover:bg-hover"
      value={organization.id}
      onChange={(event) => void change(event.target.value)}
    >
      {organizations.map(({ id, name }) => (
        <option key={id} value={id} className="bg-page text-ink">
          {name}
        </option>
      ))}
    </select>
  );
}
