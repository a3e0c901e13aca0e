'use client';

import { useState } from 'react';
import { api } from '@/api/client';
import { ProblemNote } from '@/components/ProblemNote';
import { SkeletonRows } from '@/components/SkeletonRows';
import { toast, toastProblem } from '@/components/toast-store';
import { ago, moment } from '@/messages/dates';
import { useLanguage, useMessages } from '@/messages/language';
import { settingsMessages } from '@/settings/messages';
import { useAttempt } from '@/settings/use-organization';
import { tokenMessages } from './messages';
import { NewToken } from './NewToken';
import { type ApiToken, stateOf, useTokens } from './use-tokens';

/** The API tokens of the reader: created, shown once, listed and revoked here. */
export function Tokens() {
  const app = useMessages();
  const m = tokenMessages.useTexts();
  const { tokens, problem, reload } = useTokens();
  const [isOpen, setOpen] = useState(false);
  const [created, setCreated] = useState<string | null>(null);
  return (
    <>
      <p className="mb-3 text-muted">
        {m.lead}{' '}
        <a className="link-button" href="/swagger-ui/">
          {m.documentation}
        </a>
      </p>
      {created && <CreatedToken token={created} hide={() => setCreated(null)} />}
      {isOpen ? (
        <NewToken
          onDone={(token) => {
            setOpen(false);
            if (token) setCreated(token);
            void reload();
          }}
        />
      ) : (
        <button type="button" className="primary-button mb-4" onClick={() => setOpen(true)}>
          {m.create}
        </button>
      )}
      {problem && <ProblemNote problem={problem} retry={() => void reload()} />}
      {!tokens && !problem && <SkeletonRows label={app.app.loading} />}
      {tokens?.length === 0 && <p className="text-muted">{m.empty}</p>}
      <ul className="border-line not-empty:border-t">
        {tokens?.map((token) => (
          <TokenRow key={token.id} token={token} reload={reload} />
        ))}
      </ul>
    </>
  );
}

/** The text of a token, in this page's memory alone until it is hidden. */
function CreatedToken({ token, hide }: { token: string; hide: () => void }) {
  const app = useMessages();
  const m = tokenMessages.useTexts();
  async function copy() {
    try {
      await navigator.clipboard.writeText(token);
      toast({ text: m.copied });
    } catch (problem) {
      toastProblem(app.tasks.failed(m.copy), problem);
    }
  }
  return (
    <div role="status" className="mb-4 rounded-md border border-line-strong bg-chosen p-3">
      <p className="mb-2">{m.once}</p>
      <div className="flex flex-wrap gap-2">
        <input
          aria-label={m.token}
          className="field min-w-40 grow font-mono"
          readOnly
          value={token}
          onFocus={(event) => event.target.select()}
        />
        <button type="button" className="button" onClick={() => void copy()}>
          {m.copy}
        </button>
        <button type="button" className="link-button" onClick={hide}>
          {m.hide}
        </button>
      </div>
    </div>
  );
}

function TokenRow({ token, reload }: { token: ApiToken; reload: () => Promise<unknown> }) {
  const app = useMessages();
  const m = tokenMessages.useTexts();
  const { permissions } = settingsMessages.useTexts().roles;
  const language = useLanguage();
  const attempt = useAttempt();
  const [isSure, setSure] = useState(false);
  const state = stateOf(token);
  async function revoke() {
    setSure(false);
    const params = { path: { token_id: token.id } };
    const isDone = await attempt(m.revoke, () => api.DELETE('/api/tokens/{token_id}', { params }));
    if (isDone) toast({ text: m.revoked(token.name) });
    await reload();
  }
  return (
    <li className="border-line border-b py-2">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className={`font-medium ${state === 'active' ? 'text-green-ink' : 'text-muted'}`}>
          {m.states[state]}
        </span>
        <span className="min-w-0 grow truncate font-medium">{token.name}</span>
        {state === 'active' && (
          <button type="button" className="link-button" onClick={() => setSure(true)}>
            {m.revoke}
          </button>
        )}
      </div>
      <p className="text-muted text-xs">
        {m.endsWith(token.last_four)} ·{' '}
        {token.last_used_at ? (
          <time dateTime={token.last_used_at} title={moment(token.last_used_at, language)}>
            {m.used(ago(token.last_used_at, language))}
          </time>
        ) : (
          m.unused
        )}{' '}
        · {m.until(moment(token.expires_at, language))}
      </p>
      <p className="text-muted text-xs">
        {token.permissions.map((permission) => permissions[permission]).join(' · ')}
      </p>
      {isSure && (
        <p role="alert" className="mt-1 flex flex-wrap items-center gap-2">
          {m.revokeSure(token.name)}
          <button type="button" className="button" onClick={() => void revoke()}>
            {m.revoke}
          </button>
          <button type="button" className="link-button" onClick={() => setSure(false)}>
            {app.app.cancel}
          </button>
        </p>
      )}
    </li>
  );
}
