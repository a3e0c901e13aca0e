'use client';

import { type KeyboardEvent, type MouseEvent, useRef, useState } from 'react';
import { isComposing } from '@/keyboard/is-composing';
import { Markdown } from '@/markdown/Markdown';
import { useMessages } from '@/messages/language';
import { keepDraft, useDraft } from './drafts';
import { TitleCount } from './TitleCount';
import { editTask } from './task-actions';
import { isTooLong } from './title-length';

/**
 * The title or the description, always ready to be edited. Saved when the focus leaves it and by
 * Ctrl-Enter, a title by Enter too; Escape gives the draft up. What an earlier page left unsaved is offered.
 *
 * A description is shown as Markdown until the focus or a click comes to it. Its field is there all the time,
 * so that keys, screen readers and what is typed find one field, whose name does not change.
 */
export function TextField({
  id,
  field,
  value,
  label,
  placeholder,
  className,
  isReadOnly,
}: {
  id: string;
  field: 'title' | 'description';
  value: string;
  label: string;
  placeholder?: string;
  className: string;
  isReadOnly: boolean;
}) {
  const m = useMessages();
  const draft = useDraft(id, field);
  const [isFocused, setFocused] = useState(false);
  const text = draft?.text ?? value;
  const isRefused = field === 'title' && isTooLong(text);

  function type(next: string) {
    const line = field === 'title' ? next.replace(/\s*\n\s*/g, ' ') : next;
    keepDraft(id, field, { text: line, from: draft?.from ?? value });
  }
  const forget = () => keepDraft(id, field, null);
  function save() {
    // What the server would refuse stays a draft.
    if (!draft || isRefused) return;
    const wanted = field === 'title' ? draft.text.trim() : draft.text;
    forget();
    if (wanted === draft.from || (field === 'title' && !wanted)) return;
    editTask(id, { [field]: wanted }, { [field]: draft.from });
  }
  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>) {
    if (isComposing(event)) return;
    const isSave = event.key === 'Enter' && (field === 'title' || event.ctrlKey || event.metaKey);
    if (isSave) {
      event.preventDefault();
      if (!isRefused) event.currentTarget.blur();
    } else if (event.key === 'Escape') {
      event.stopPropagation();
      forget();
      // The blur that follows has no draft to save.
      const element = event.currentTarget;
      queueMicrotask(() => element.blur());
    }
  }

  const area = useRef<HTMLTextAreaElement>(null);
  const isRendered = field === 'description' && !isFocused && !draft && value.trim() !== '';
  function edit(event: MouseEvent) {
    // A link is followed, and a text that was selected stays selected.
    if ((event.target as Element).closest('a') || !getSelection()?.isCollapsed) return;
    area.current?.focus({ preventScroll: true });
    area.current?.setSelectionRange(value.length, value.length);
  }

  // A field that has the focus saves when it loses it.
  const isLeft = draft && !isFocused && !isReadOnly && draft.text !== value;
  return (
    <div className="relative">
      {isRendered && (
        // By keys, the field itself is reached.
        <div
          className={`rounded border border-transparent px-2 py-1 ${className} ${isReadOnly ? '' : 'cursor-text hover:border-line-strong'}`}
          onClick={isReadOnly ? undefined : edit}
        >
          <Markdown text={value} />
        </div>
      )}
      <textarea
        ref={area}
        id={`task-${field}`}
        aria-label={label}
        placeholder={placeholder}
        className={
          isRendered
            ? 'sr-only'
            : `w-full resize-none rounded border border-transparent bg-transparent px-2 py-1 field-sizing-content placeholder:text-muted hover:border-line-strong focus:border-control ${className}`
        }
        value={text}
        readOnly={isReadOnly}
        maxLength={field === 'title' ? undefined : 20_000}
        aria-invalid={isRefused || undefined}
        aria-describedby={field === 'title' ? 'task-title-count' : undefined}
        onChange={(event) => type(event.target.value)}
        onFocus={() => setFocused(true)}
        onBlur={() => {
          setFocused(false);
          save();
        }}
        onKeyDown={onKeyDown}
      />
      {field === 'title' && (
        <div className="px-2">
          <TitleCount id="task-title-count" title={text} />
        </div>
      )}
      {isLeft && (
        <p className="flex flex-wrap items-center gap-x-2 px-2 text-muted text-xs">
          {m.task.left}
          <button type="button" className="link-button" disabled={isRefused} onClick={save}>
            {m.app.save}
          </button>
          <button type="button" className="link-button" onClick={forget}>
            {m.task.discard}
          </button>
        </p>
      )}
    </div>
  );
}
