'use client';

import { type FormEvent, useRef, useState } from 'react';
import type { Schema } from '@/api/client';
import { nameOf } from '@/components/Avatar';
import { Dialog } from '@/components/Dialog';
import { PriorityGlyph } from '@/components/icons';
import { explain } from '@/components/toast-store';
import { useLanguage, useMessages } from '@/messages/language';
import { useMay, useMe } from '@/session/session';
import { shortDay } from './due-date';
import { LabelChip } from './LabelChip';
import { parseQuickAdd } from './quick-add';
import { createTask } from './task-actions';
import { useLabels, usePeople } from './use-tasks';

/** A new task in one line: what the words mean is shown while they are typed. */
export function CreateTaskDialog({ onClose }: { onClose: () => void }) {
  const m = useMessages();
  const language = useLanguage();
  const me = useMe().user;
  const mayAssign = useMay('tasks.assign');
  const { labels } = useLabels();
  const people = usePeople();
  const [line, setLine] = useState('');
  const [description, setDescription] = useState('');
  const [isMore, setMore] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [isSending, setSending] = useState(false);
  const key = useRef(crypto.randomUUID());
  const field = useRef<HTMLInputElement>(null);

  const parsed = parseQuickAdd(line);
  const priority = parsed.priority ?? 'p2';
  const wanted = parsed.assignee?.toLowerCase();
  const assignee =
    mayAssign && wanted
      ? wanted === 'me'
        ? me
        : people.find(({ login }) => login.toLowerCase() === wanted)
      : undefined;
  const found = labels.filter((label) =>
    parsed.labels.some((name) => name.toLowerCase() === label.name.toLowerCase()),
  );
  // Words that name nobody and nothing stay in the title, so that nothing that was typed is lost.
  const lost = [
    ...(parsed.assignee && !assignee ? [`@${parsed.assignee}`] : []),
    ...parsed.labels
      .filter((name) => !found.some((label) => label.name.toLowerCase() === name.toLowerCase()))
      .map((name) => `#${name}`),
  ];
  const title = [parsed.title, ...lost].filter(Boolean).join(' ');

  async function submit(event: FormEvent) {
    event.preventDefault();
    if (!title || isSending) return;
    setSending(true);
    setFailure(null);
    const task: Schema['NewTask'] = {
      title,
      priority,
      description: description || undefined,
      label_ids: found.map((label) => label.id),
      due_on: parsed.due,
      assignee_id: assignee?.id,
    };
    try {
      await createTask(task, key.current);
    } catch (problem) {
      setFailure(explain(problem));
      return;
    } finally {
      setSending(false);
    }
    key.current = crypto.randomUUID();
    if (!isMore) return onClose();
    setLine('');
    setDescription('');
    field.current?.focus();
  }

  return (
    <Dialog title={m.tasks.create} onClose={onClose}>
      <form className="flex flex-col gap-2 p-4" onSubmit={(event) => void submit(event)}>
        <input
          ref={field}
          aria-label={m.task.title}
          placeholder={m.tasks.createHint}
          maxLength={300}
          autoComplete="off"
          className="w-full bg-transparent font-medium text-base outline-none placeholder:font-normal placeholder:text-muted placeholder:text-sm"
          value={line}
          onChange={(event) => {
            setLine(event.target.value);
            // Another text is another task: the key belongs to the one that was sent.
            key.current = crypto.randomUUID();
          }}
        />
        <textarea
          aria-label={m.task.description}
          placeholder={m.task.descriptionHint}
          maxLength={20_000}
          className="field-sizing-content min-h-16 w-full resize-none bg-transparent outline-none placeholder:text-muted"
          value={description}
          onChange={(event) => setDescription(event.target.value)}
        />
        <div aria-live="polite" className="flex min-h-6 flex-wrap items-center gap-2 text-muted text-xs">
          <span className="inline-flex items-center gap-1">
            <PriorityGlyph priority={priority} /> {m.priority[priority]}
          </span>
          {assignee && <span>@{nameOf(assignee)}</span>}
          {found.map((label) => (
            <LabelChip key={label.id} label={label} />
          ))}
          {parsed.due && <span>{shortDay(parsed.due, language, m.due)}</span>}
        </div>
        {failure && (
          <p role="alert" className="text-danger">
            {failure}
          </p>
        )}
        <div className="flex flex-wrap items-center justify-end gap-3 border-line border-t pt-3">
          <label className="mr-auto inline-flex items-center gap-2 text-muted">
            <input
              type="checkbox"
              className="size-4 accent-primary"
              checked={isMore}
              onChange={(event) => setMore(event.target.checked)}
            />
            {m.tasks.createMore}
          </label>
          <button type="button" className="button" onClick={onClose}>
            {m.app.cancel}
          </button>
          <button type="submit" className="primary-button" disabled={!title || isSending}>
            {m.tasks.create}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
