'use client';

import { type FormEvent, useState } from 'react';
import useSWR, { mutate } from 'swr';
import { api, body, type Schema } from '@/api/client';
import type { ApiProblem } from '@/api/problem';
import { ProblemNote } from '@/components/ProblemNote';
import { SkeletonRows } from '@/components/SkeletonRows';
import { toast } from '@/components/toast-store';
import { moment } from '@/messages/dates';
import { useLanguage, useMessages } from '@/messages/language';
import { openOrganization } from '@/session/open-organization';
import { useMay, useMe } from '@/session/session';
import { ifMatch } from '@/tasks/task-actions';
import { settingsMessages } from './messages';
import { TypedConfirmation } from './TypedConfirmation';
import { useAttempt, useOwnOrganizations } from './use-organization';

/** The organization itself: its name, the way out of it, and what can be restored. */
export function Organization() {
  const { id } = useMe().organization;
  const app = useMessages();
  const mayDelete = useMay('org.delete');
  const {
    data,
    error,
    mutate: again,
  } = useSWR<Schema['Organization'], ApiProblem>(`/api/organizations/${id}`, () =>
    body(api.GET('/api/organizations/{organization_id}', { params: { path: { organization_id: id } } })),
  );
  if (error) return <ProblemNote problem={error} retry={() => void again()} />;
  if (!data) return <SkeletonRows label={app.app.loading} />;
  return (
    <div className="flex flex-col gap-6">
      <Rename key={data.version} organization={data} reload={() => again()} />
      <Leave organization={data} />
      {mayDelete && <Remove organization={data} />}
      <Others />
    </div>
  );
}

function Rename({
  organization,
  reload,
}: {
  organization: Schema['Organization'];
  reload: () => Promise<unknown>;
}) {
  const m = settingsMessages.useTexts().organization;
  const attempt = useAttempt();
  const mayUpdate = useMay('org.update');
  const [name, setName] = useState(organization.name);
  async function submit(event: FormEvent) {
    event.preventDefault();
    const params = {
      path: { organization_id: organization.id },
      header: { 'If-Match': ifMatch(organization.version) },
    };
    const work = () =>
      api.PATCH('/api/organizations/{organization_id}', { params, body: { name: name.trim() } });
    if (await attempt(m.rename, work)) toast({ text: m.renamed });
    await Promise.all([reload(), mutate('/api/auth/me')]);
  }
  return (
    <form className="flex flex-wrap items-end gap-3" onSubmit={(event) => void submit(event)}>
      <label className="flex grow flex-col gap-1">
        <span className="text-muted">{m.name}</span>
        <input
          className="field"
          maxLength={100}
          readOnly={!mayUpdate}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </label>
      {mayUpdate && (
        <button
          type="submit"
          className="primary-button"
          disabled={!name.trim() || name.trim() === organization.name}
        >
          {m.rename}
        </button>
      )}
    </form>
  );
}

function Leave({ organization: { id, name } }: { organization: Schema['Organization'] }) {
  const app = useMessages();
  const m = settingsMessages.useTexts().organization;
  const attempt = useAttempt();
  const [isSure, setSure] = useState(false);
  const params = { path: { organization_id: id } };
  async function leave() {
    setSure(false);
    const work = () => api.POST('/api/organizations/{organization_id}/leave', { params });
    if (await attempt(m.leave, work)) location.assign('/tasks/');
  }
  return (
    <div>
      <p className="mb-2 text-muted">{m.leaveLead}</p>
      {isSure ? (
        <p role="alert" className="flex flex-wrap items-center gap-2">
          {m.leaveSure(name)}
          <button type="button" className="button" onClick={() => void leave()}>
            {m.leave}
          </button>
          <button type="button" className="link-button" onClick={() => setSure(false)}>
            {app.app.cancel}
          </button>
        </p>
      ) : (
        <button type="button" className="button" onClick={() => setSure(true)}>
          {m.leave}
        </button>
      )}
    </div>
  );
}

function Remove({ organization }: { organization: Schema['Organization'] }) {
  const m = settingsMessages.useTexts().organization;
  const attempt = useAttempt();
  async function remove() {
    const params = {
      path: { organization_id: organization.id },
      header: { 'If-Match': ifMatch(organization.version) },
    };
    const work = () => api.DELETE('/api/organizations/{organization_id}', { params });
    if (await attempt(m.remove, work)) location.assign('/tasks/');
  }
  return (
    <>
      <p className="mb-2 text-muted">{m.removeLead}</p>
      <TypedConfirmation
        label={m.removeSure(organization.name)}
        name={organization.name}
        action={m.remove}
        confirm={remove}
      />
    </>
  );
}

function Others() {
  const m = settingsMessages.useTexts().organization;
  const language = useLanguage();
  const attempt = useAttempt();
  const { items, reload } = useOwnOrganizations();
  const [name, setName] = useState('');
  const deleted = items?.filter((organization) => organization.deleted_at) ?? [];
  async function restore(organization: Schema['OwnOrganization']) {
    const params = { path: { organization_id: organization.id } };
    const work = () => api.POST('/api/organizations/{organization_id}/restore', { params });
    if (await attempt(m.restore, work)) toast({ text: m.restored(organization.name) });
    await Promise.all([reload(), mutate('/api/auth/me')]);
  }
  async function create(event: FormEvent) {
    event.preventDefault();
    await attempt(m.create, async () => {
      const params = { header: { 'Idempotency-Key': crypto.randomUUID() } };
      const made = await body(api.POST('/api/organizations', { params, body: { name: name.trim() } }));
      await openOrganization(made.id);
    });
  }
  return (
    <>
      {deleted.length > 0 && (
        <div>
          <h3 className="mb-1 text-muted">{m.deleted}</h3>
          <ul className="border-line border-t">
            {deleted.map((organization) => (
              <li
                key={organization.id}
                className="flex flex-wrap items-center gap-3 border-line border-b py-2"
              >
                <span className="font-medium">{organization.name}</span>
                <span className="grow text-muted text-xs">
                  {organization.restorable_until && m.until(moment(organization.restorable_until, language))}
                </span>
                <button type="button" className="link-button" onClick={() => void restore(organization)}>
                  {m.restore}
                </button>
              </li>
            ))}
          </ul>
        </div>
      )}
      <form className="flex flex-wrap items-end gap-3" onSubmit={(event) => void create(event)}>
        <label className="flex grow flex-col gap-1">
          <span className="text-muted">{m.createName}</span>
          <input
            className="field"
            maxLength={100}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        </label>
        <button type="submit" className="button" disabled={!name.trim()}>
          {m.create}
        </button>
      </form>
    </>
  );
}
