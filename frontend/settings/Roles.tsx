'use client';

import { type FormEvent, useState } from 'react';
import { api, type Schema } from '@/api/client';
import { ProblemNote } from '@/components/ProblemNote';
import { SkeletonRows } from '@/components/SkeletonRows';
import { useMessages } from '@/messages/language';
import { useMay, useMe } from '@/session/session';
import { ifMatch } from '@/tasks/task-actions';
import { settingsMessages } from './messages';
import { type Permission, useAttempt, useRoles } from './use-organization';

/** Roles and what they may do; those that are built in cannot be changed. */
export function Roles() {
  const app = useMessages();
  const m = settingsMessages.useTexts().roles;
  const mayManage = useMay('roles.manage');
  const { items, problem, reload } = useRoles();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      {mayManage &&
        (isOpen ? (
          <NewRole
            onDone={() => {
              setOpen(false);
              void reload();
            }}
          />
        ) : (
          <button type="button" className="primary-button mb-4" onClick={() => setOpen(true)}>
            {m.create}
          </button>
        ))}
      {problem && <ProblemNote problem={problem} retry={() => void reload()} />}
      {!items && !problem && <SkeletonRows label={app.app.loading} />}
      <ul className="border-line not-empty:border-t">
        {items?.map((role) => (
          <RoleItem key={`${role.name} ${role.version}`} role={role} mayManage={mayManage} reload={reload} />
        ))}
      </ul>
    </>
  );
}

function Permissions({
  label,
  chosen,
  isReadOnly,
  onChange,
}: {
  label: string;
  chosen: readonly Permission[];
  isReadOnly: boolean;
  onChange: (next: Permission[]) => void;
}) {
  const m = settingsMessages.useTexts().roles;
  // Nobody grants what they do not have.
  const own = useMe().permissions;
  const all = Object.keys(m.permissions) as Permission[];
  return (
    <fieldset className="grid gap-x-4 sm:grid-cols-2">
      <legend className="sr-only">{label}</legend>
      {all.map((permission) => (
        <label key={permission} className="inline-flex min-h-7 items-center gap-2 pointer-coarse:min-h-11">
          <input
            type="checkbox"
            className="size-4 accent-primary"
            checked={chosen.includes(permission)}
            disabled={isReadOnly || !own.includes(permission)}
            onChange={(event) =>
              onChange(
                event.target.checked
                  ? [...chosen, permission]
                  : chosen.filter((other) => other !== permission),
              )
            }
          />
          {m.permissions[permission]}
        </label>
      ))}
    </fieldset>
  );
}

function RoleItem({
  role,
  mayManage,
  reload,
}: {
  role: Schema['Role'];
  mayManage: boolean;
  reload: () => Promise<unknown>;
}) {
  const m = settingsMessages.useTexts().roles;
  const attempt = useAttempt();
  const [chosen, setChosen] = useState<Permission[]>(role.permissions);
  const isOwn = useMe().organization.role === role.name;
  const isReadOnly = !mayManage || role.built_in || isOwn;
  const isChanged = [...chosen].sort().join() !== [...role.permissions].sort().join();
  const params = { path: { role_name: role.name }, header: { 'If-Match': ifMatch(role.version) } };
  async function save() {
    const work = () => api.PATCH('/api/roles/{role_name}', { params, body: { permissions: chosen } });
    await attempt(m.save, work);
    await reload();
  }
  async function remove() {
    await attempt(m.remove, () => api.DELETE('/api/roles/{role_name}', { params }));
    await reload();
  }
  return (
    <li className="border-line border-b py-3">
      <div className="mb-1 flex items-center gap-3">
        <h3 className="font-medium">{role.name}</h3>
        <span className="grow text-muted text-xs">{role.built_in ? m.builtIn : ''}</span>
        {!isReadOnly && (
          <>
            <button type="button" className="button" disabled={!isChanged} onClick={() => void save()}>
              {m.save}
            </button>
            <button type="button" className="link-button" onClick={() => void remove()}>
              {m.remove}
            </button>
          </>
        )}
      </div>
      <Permissions label={m.of(role.name)} chosen={chosen} isReadOnly={isReadOnly} onChange={setChosen} />
    </li>
  );
}

function NewRole({ onDone }: { onDone: () => void }) {
  const app = useMessages();
  const m = settingsMessages.useTexts().roles;
  const attempt = useAttempt();
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<Permission[]>(['tasks.read']);
  async function submit(event: FormEvent) {
    event.preventDefault();
    const params = { header: { 'Idempotency-Key': crypto.randomUUID() } };
    const work = () => api.POST('/api/roles', { params, body: { name, permissions: chosen } });
    if (await attempt(m.submit, work)) onDone();
  }
  return (
    <form className="mb-4 flex flex-col gap-3" onSubmit={(event) => void submit(event)}>
      <label className="flex flex-col gap-1">
        <span className="text-muted">{m.name}</span>
        <input
          className="field"
          maxLength={50}
          pattern="[a-z][a-z0-9_\-]*"
          title={m.nameHint}
          placeholder={m.nameHint}
          autoComplete="off"
          required
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </label>
      <Permissions label={m.of(name)} chosen={chosen} isReadOnly={false} onChange={setChosen} />
      <div className="flex gap-2">
        <button type="submit" className="primary-button">
          {m.submit}
        </button>
        <button type="button" className="button" onClick={onDone}>
          {app.app.cancel}
        </button>
      </div>
    </form>
  );
}
