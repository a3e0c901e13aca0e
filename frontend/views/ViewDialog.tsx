'use client';

import Link from 'next/link';
import { type FormEvent, useState } from 'react';
import { api } from '@/api/client';
import { Dialog } from '@/components/Dialog';
import { Glyph } from '@/components/icons';
import { ProblemNote } from '@/components/ProblemNote';
import { toast, toastProblem } from '@/components/toast-store';
import { useMessages } from '@/messages/language';
import { useMay } from '@/session/session';
import type { ListQuery } from '@/tasks/list-query';
import { ifMatch } from '@/tasks/task-actions';
import { viewMessages } from './messages';
import { useViews, type View } from './use-views';
import { addressOf, savedOf, shownView } from './view-query';

/** The saved views, and a form that saves the list that is shown. */
export function ViewDialog({ query, onClose }: { query: ListQuery; onClose: () => void }) {
  const m = viewMessages.useTexts();
  const { views, problem, reload } = useViews();
  return (
    <Dialog title={m.title} onClose={onClose}>
      <div className="overflow-y-auto p-4">
        <p className="mb-3 text-muted">{m.lead}</p>
        {problem && <ProblemNote problem={problem} retry={() => void reload()} />}
        {views && (
          <>
            <SaveView
              // What is shown is one of them: it is the one that is saved again.
              key={shownView(views, query)?.id ?? 'new'}
              query={query}
              views={views}
              reload={reload}
              onClose={onClose}
            />
            <h3 className="mt-4 mb-1 font-semibold">{m.open}</h3>
            {views.length === 0 && <p className="text-muted">{m.empty}</p>}
            <ul>
              {views.map((view, index) => (
                <ViewRow
                  key={view.id}
                  view={view}
                  up={index > 0 ? (views[index - 2]?.id ?? null) : undefined}
                  reload={reload}
                  onClose={onClose}
                />
              ))}
            </ul>
          </>
        )}
      </div>
    </Dialog>
  );
}

function paramsOf(view: View) {
  return { path: { view_id: view.id }, header: { 'If-Match': ifMatch(view.version) } };
}

function SaveView({
  query,
  views,
  reload,
  onClose,
}: {
  query: ListQuery;
  views: View[];
  reload: () => Promise<unknown>;
  onClose: () => void;
}) {
  const app = useMessages();
  const m = viewMessages.useTexts();
  const mayShare = useMay('tasks.write');
  const [target, setTarget] = useState<View | undefined>(() => shownView(views, query));
  const [name, setName] = useState(target?.name ?? '');
  const [shared, setShared] = useState(target?.shared ?? false);
  const [isSending, setSending] = useState(false);
  // The same key until it is saved: a repeated request saves no second one.
  const [key] = useState(() => crypto.randomUUID());
  // A shared view is changed only by who may share one.
  const offered = views.filter((view) => mayShare || !view.shared);
  function choose(id: string) {
    const view = offered.find((known) => known.id === id);
    setTarget(view);
    setName(view?.name ?? '');
    setShared(view?.shared ?? false);
  }
  async function save(event: FormEvent) {
    event.preventDefault();
    setSending(true);
    const content = { name: name.trim(), shared, ...savedOf(query) };
    try {
      if (target) await api.PATCH('/api/views/{view_id}', { params: paramsOf(target), body: content });
      else await api.POST('/api/views', { params: { header: { 'Idempotency-Key': key } }, body: content });
      toast({ text: m.saved(content.name) });
      onClose();
    } catch (problem) {
      toastProblem(app.tasks.failed(content.name), problem);
      setSending(false);
    }
    await reload();
  }
  return (
    <form className="flex flex-col gap-2" onSubmit={(event) => void save(event)}>
      <h3 className="font-semibold">{m.save}</h3>
      <label className="flex flex-col gap-1">
        <span className="text-muted">{m.name}</span>
        <input
          className="field"
          maxLength={100}
          autoComplete="off"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </label>
      {offered.length > 0 && (
        <label className="flex flex-col gap-1">
          <span className="text-muted">{m.as}</span>
          <select className="field" value={target?.id ?? ''} onChange={(event) => choose(event.target.value)}>
            <option value="">{m.asNew}</option>
            {offered.map((view) => (
              <option key={view.id} value={view.id}>
                {view.name}
              </option>
            ))}
          </select>
        </label>
      )}
      {mayShare && (
        <label className="inline-flex min-h-7 items-center gap-2 pointer-coarse:min-h-11">
          <input
            type="checkbox"
            className="size-4 accent-primary"
            checked={shared}
            onChange={(event) => setShared(event.target.checked)}
          />
          {m.shared}
        </label>
      )}
      <button type="submit" className="primary-button self-start" disabled={isSending || !name.trim()}>
        {m.submit}
      </button>
    </form>
  );
}

function ViewRow({
  view,
  up,
  reload,
  onClose,
}: {
  view: View;
  /** The view behind which it comes one place above; null: it comes first; undefined: it is first. */
  up: string | null | undefined;
  reload: () => Promise<unknown>;
  onClose: () => void;
}) {
  const app = useMessages();
  const m = viewMessages.useTexts();
  const mayShare = useMay('tasks.write');
  const mayChange = mayShare || !view.shared;
  const href = addressOf(view);
  async function attempt(work: () => Promise<unknown>) {
    try {
      await work();
    } catch (problem) {
      toastProblem(app.tasks.failed(view.name), problem);
    }
    await reload();
  }
  const remove = async () => {
    await api.DELETE('/api/views/{view_id}', { params: paramsOf(view) });
    toast({ text: m.removed(view.name) });
  };
  return (
    <li className="flex min-h-9 items-center gap-2 border-line border-b">
      {href ? (
        <Link href={href} className="link-button min-w-0 shrink" onClick={onClose}>
          <span className="truncate">{view.name}</span>
        </Link>
      ) : (
        <span className="min-w-0 truncate px-1 text-muted">{view.name}</span>
      )}
      <span className="grow text-muted text-xs">{view.shared ? m.isShared : ''}</span>
      {mayChange && (
        <>
          <button
            type="button"
            className="icon-button disabled:opacity-40"
            aria-label={m.up(view.name)}
            title={m.up(view.name)}
            disabled={up === undefined}
            onClick={() =>
              void attempt(() =>
                api.PATCH('/api/views/{view_id}', { params: paramsOf(view), body: { after: up ?? null } }),
              )
            }
          >
            <Glyph name="up" />
          </button>
          <button
            type="button"
            className="icon-button"
            aria-label={m.remove(view.name)}
            title={m.remove(view.name)}
            onClick={() => void attempt(remove)}
          >
            <Glyph name="trash" />
          </button>
        </>
      )}
    </li>
  );
}
