'use client';

import { type FormEvent, useState } from 'react';
import { api, body } from '@/api/client';
import { useMessages } from '@/messages/language';
import { useMe } from '@/session/session';
import { settingsMessages } from '@/settings/messages';
import { useAttempt } from '@/settings/use-organization';
import { tokenMessages } from './messages';
import { TOKEN_PERMISSIONS, type TokenPermission } from './use-tokens';

const DAYS = [7, 30, 90, 365] as const;

/** The form for a token. What the reader may not do is not offered. */
export function NewToken({ onDone }: { onDone: (token: string | null) => void }) {
  const app = useMessages();
  const m = tokenMessages.useTexts();
  const own = useMe().permissions;
  const offered = TOKEN_PERMISSIONS.filter((permission) => own.includes(permission));
  const attempt = useAttempt();
  const [isSending, setSending] = useState(false);
  const [chosen, setChosen] = useState<TokenPermission[]>(offered.slice(0, 1));
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setSending(true);
    await attempt(m.submit, async () => {
      const created = await body(
        api.POST('/api/tokens', {
          body: {
            name: String(form.get('name')).trim(),
            permissions: chosen,
            expires_in_days: Number(form.get('days')),
          },
        }),
      );
      onDone(created.token);
    });
    setSending(false);
  }
  if (offered.length === 0) return <p className="mb-4 text-muted">{m.none}</p>;
  return (
    <form className="mb-4 flex flex-col gap-3" onSubmit={(event) => void submit(event)}>
      <div className="flex flex-wrap gap-3">
        <label className="flex min-w-40 grow flex-col gap-1">
          <span className="text-muted">{m.name}</span>
          <input
            name="name"
            className="field"
            maxLength={100}
            pattern=".*\S.*"
            placeholder={m.nameHint}
            autoComplete="off"
            required
          />
        </label>
        <label className="flex flex-col gap-1">
          <span className="text-muted">{m.expiry}</span>
          <select name="days" className="field" defaultValue="90">
            {DAYS.map((days) => (
              <option key={days} value={days}>
                {m.days[days]}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Permissions offered={offered} chosen={chosen} choose={setChosen} />
      <div className="flex gap-2">
        <button type="submit" className="primary-button" disabled={isSending || chosen.length === 0}>
          {m.submit}
        </button>
        <button type="button" className="button" onClick={() => onDone(null)}>
          {app.app.cancel}
        </button>
      </div>
    </form>
  );
}

/** What the token may do. */
function Permissions({
  offered,
  chosen,
  choose,
}: {
  offered: readonly TokenPermission[];
  chosen: TokenPermission[];
  choose: (chosen: TokenPermission[]) => void;
}) {
  const m = tokenMessages.useTexts();
  const texts = settingsMessages.useTexts().roles.permissions;
  return (
    <fieldset className="grid gap-x-4 sm:grid-cols-2">
      <legend className="mb-1 text-muted">{m.permissions}</legend>
      {offered.map((permission) => (
        <label key={permission} className="inline-flex min-h-7 items-center gap-2 pointer-coarse:min-h-11">
          <input
            type="checkbox"
            className="size-4 accent-primary"
            checked={chosen.includes(permission)}
            onChange={(event) =>
              choose(
                event.target.checked
                  ? [...chosen, permission]
                  : chosen.filter((other) => other !== permission),
              )
            }
          />
          {texts[permission]}
        </label>
      ))}
    </fieldset>
  );
}
