'use client';

import { type FormEvent, useRef, useState } from 'react';
import type { Schema } from '@/api/client';
import { nameOf } from '@/components/Avatar';
import { Dialog } from '@/components/Dialog';
import { PriorityGlyph } from '@/components/icons';
import { useLanguage, useMessages } from '@/messages/language';
import { useMay, useMe } from '@/session/session';
import type { Typed } from './creation-queue';
import { keepTyped } from './creations';
import { NEW_TASK, useDraft } from './drafts';
import { shortDay } from './due-date';
import { LabelChip } from './LabelChip';
import { parseQuickAdd } from './quick-add';
import { TitleCount } from './TitleCount';
import type { Label } from './task';
import { createTask } from './task-actions';
import { isTooLong } from './title-length';
import { usePeople } from './use-people';
import { useLabels } from './use-tasks';

/** What a line means here: whom and which labels its words name. */
function useReading(line: string) {
  const me = useMe().user;
  const mayAssign = useMay('tasks.assign');
  const { labels } = useLabels();
  const people = usePeople();
  const parsed = parseQuickAdd(line);
  const wanted = mayAssign ? parsed.assignee?.toLowerCase() : undefined;
  const assignee = wanted === 'me' ? me : people.find(({ login }) => login.toLowerCase() === wanted);
  const isNamed = (label: Label) => (name: string) => name.toLowerCase() === label.name.toLowerCase();
  const found = labels.filter((label) => parsed.labels.some(isNamed(label)));
  // Words that name nobody and nothing stay in the title, so that nothing that was typed is lost.
  const lost = [
    ...(parsed.assignee && !assignee ? [`@${parsed.assignee}`] : []),
    ...parsed.labels.filter((name) => !found.some((label) => isNamed(label)(name))).map((name) => `#${name}`),
  ];
  return {
    title: [parsed.title, ...lost].filter(Boolean).join(' '),
    priority: parsed.priority ?? 'p2',
    due: parsed.due,
    assignee,
    labels: found.map(({ id, name, color }) => ({ id, name, color })),
  };
}
type Reading = ReturnType<typeof useReading>;

/** What was understood of the line, below it. */
function Understood({ priority, assignee, labels, due }: Reading) {
  const m = useMessages();
  const language = useLanguage();
  return (
    <div aria-live="polite" className="flex min-h-6 flex-wrap items-center gap-2 text-muted text-xs">
      <span className="inline-flex items-center gap-1">
        <PriorityGlyph priority={priority} /> {m.priority[priority]}
      </span>
      {assignee && <span>@{nameOf(assignee)}</span>}
      {labels.map((label) => (
        <LabelChip key={label.id} label={label} />
      ))}
      {due && <span>{shortDay(due, language, m.due)}</span>}
    </div>
  );
}

/** A new task in one line: what the words mean is shown while they are typed. */
export function CreateTaskDialog({ onClose }: { onClose: () => void }) {
  const m = useMessages();
  const me = useMe().user;
  const line = useDraft(NEW_TASK, 'line')?.text ?? '';
  const description = useDraft(NEW_TASK, 'description')?.text ?? '';
  const [isMore, setMore] = useState(false);
  // What was typed before this dialog was opened is offered, and said to be so. It may come after the dialog.
  const [isTyping, setTyping] = useState(false);
  const isOld = !isTyping && Boolean(line || description);
  const field = useRef<HTMLInputElement>(null);
  const reading = useReading(line);
  const { title } = reading;

  const mayCreate = title !== '' && !isTooLong(title);
  const discard = () => keepTyped({ line: '', description: '' });
  function type(typed: Typed) {
    setTyping(true);
    keepTyped(typed);
  }
  function submit(event: FormEvent) {
    event.preventDefault();
    if (!mayCreate) return;
    const { priority, due, assignee, labels } = reading;
    const task: Schema['NewTask'] = {
      title,
      priority,
      description: description || undefined,
      label_ids: labels.map(({ id }) => id),
      due_on: due,
      assignee_id: assignee?.id,
    };
    createTask(task, { assignee: assignee ?? null, labels, created_by: me }, { line, description });
    discard();
    if (!isMore) return onClose();
    field.current?.focus();
  }

  return (
    <Dialog title={m.tasks.create} onClose={onClose}>
      <form className="flex flex-col gap-2 p-4" onSubmit={submit}>
        <div>
          <input
            ref={field}
            aria-label={m.task.title}
            placeholder={m.tasks.createHint}
            aria-invalid={isTooLong(title) || undefined}
            aria-describedby="new-title-count"
            autoComplete="off"
            className="w-full bg-transparent font-medium text-base outline-none placeholder:font-normal placeholder:text-muted placeholder:text-sm"
            value={line}
            onChange={(event) => type({ line: event.target.value, description })}
          />
          <TitleCount id="new-title-count" title={title} />
        </div>
        <textarea
          aria-label={m.task.description}
          placeholder={m.task.descriptionHint}
          maxLength={20_000}
          className="field-sizing-content min-h-16 w-full resize-none bg-transparent outline-none placeholder:text-muted"
          value={description}
          onChange={(event) => type({ line, description: event.target.value })}
        />
        <Understood {...reading} />
        {isOld && <p className="text-muted text-xs">{m.task.left}</p>}
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
          <button
            type="button"
            className="button"
            onClick={() => {
              discard();
              onClose();
            }}
          >
            {line || description ? m.task.discard : m.app.cancel}
          </button>
          <button type="submit" className="primary-button" disabled={!mayCreate}>
            {m.tasks.create}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
