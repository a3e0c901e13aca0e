'use client';

import { useState } from 'react';
import useSWR from 'swr';
import { api, body, type Schema } from '@/api/client';
import { ApiProblem } from '@/api/problem';
import { ProblemNote } from '@/components/ProblemNote';
import { toast, toastProblem } from '@/components/toast-store';
import { saveExport } from '@/import/save-export';
import { moment } from '@/messages/dates';
import { useLanguage, useMessages } from '@/messages/language';
import { signOut, useMe } from '@/session/session';
import { settingsMessages } from './messages';
import { TypedConfirmation } from './TypedConfirmation';
import { useAttempt } from './use-organization';

/** What is kept about the reader: to be saved as a file, and to be deleted. */
export function Account() {
  const {
    data,
    error,
    mutate: again,
  } = useSWR<Schema['Account'], ApiProblem>('/api/account', () => body(api.GET('/api/account')));
  return (
    <div className="flex flex-col gap-6">
      <OwnData />
      {error && <ProblemNote problem={error} retry={() => void again()} />}
      {data?.deletes_at ? (
        <Keep at={data.deletes_at} reload={() => again()} />
      ) : (
        data && <Remove reload={() => again()} />
      )}
    </div>
  );
}

function OwnData() {
  const m = settingsMessages.useTexts().account;
  const { login } = useMe().user;
  const [isReading, setReading] = useState(false);
  async function save() {
    setReading(true);
    try {
      await saveExport(`miyabi-${login}`, (query) =>
        api.GET('/api/account/export', { params: { query }, parseAs: 'text' }),
      );
    } catch (problem) {
      toastProblem(m.notSaved, problem, () => void save());
    }
    setReading(false);
  }
  return (
    <section aria-labelledby="own-data">
      <h3 id="own-data" className="font-semibold">
        {m.data}
      </h3>
      <p className="mb-2 text-muted">{m.dataLead}</p>
      <button type="button" className="button" disabled={isReading} onClick={() => void save()}>
        {m.save}
      </button>
    </section>
  );
}

/** The account is going to be deleted, and can still be kept. */
function Keep({ at, reload }: { at: string; reload: () => Promise<unknown> }) {
  const m = settingsMessages.useTexts().account;
  const language = useLanguage();
  const attempt = useAttempt();
  async function keep() {
    if (await attempt(m.keep, () => api.POST('/api/account/keep'))) toast({ text: m.kept });
    await reload();
  }
  return (
    <section aria-labelledby="delete-account" className="border-line border-t pt-4">
      <h3 id="delete-account" className="font-semibold">
        {m.remove}
      </h3>
      <p role="alert" className="mb-2">
        {m.pending(moment(at, language))}
      </p>
      <button type="button" className="primary-button" onClick={() => void keep()}>
        {m.keep}
      </button>
    </section>
  );
}

function Remove({ reload }: { reload: () => Promise<unknown> }) {
  const app = useMessages();
  const texts = settingsMessages.useTexts();
  const m = texts.account;
  const { login } = useMe().user;
  const [owned, setOwned] = useState<string[] | null>(null);
  async function remove() {
    setOwned(null);
    try {
      await api.DELETE('/api/account');
    } catch (problem) {
      const isLastOwner = problem instanceof ApiProblem && problem.code === 'last_owner';
      return isLastOwner
        ? setOwned(problem.about.organizations ?? [])
        : toastProblem(texts.failed(m.remove), problem);
    }
    // Who would lose changes by it may stay signed in: the account works until it is deleted.
    try {
      if (!(await signOut())) await reload();
    } catch (problem) {
      await reload();
      toastProblem(texts.failed(app.settings.signOut), problem);
    }
  }
  return (
    <section aria-labelledby="delete-account" className="border-line border-t pt-4">
      <h3 id="delete-account" className="font-semibold">
        {m.remove}
      </h3>
      <ul className="mb-3 list-disc pl-5 text-muted">
        {m.effects.map((effect) => (
          <li key={effect}>{effect}</li>
        ))}
      </ul>
      {owned && (
        <p role="alert" className="mb-3 rounded-md border border-danger px-3 py-2">
          {m.lastOwner(owned.join(', '))}
        </p>
      )}
      <TypedConfirmation label={m.sure(login)} name={login} action={m.remove} confirm={remove} />
    </section>
  );
}
