'use client';

import { type KeyboardEvent, type ReactNode, useEffect, useId, useMemo, useRef, useState } from 'react';
import { isComposing } from '@/keyboard/is-composing';
import { useMessages } from '@/messages/language';
import { Dialog } from './Dialog';
import { Glyph } from './icons';

export type Option = {
  id: string;
  label: string;
  icon?: ReactNode;
  /** Shown at the right: a key, or a second name; it is searched too. */
  hint?: string;
  isChecked?: boolean;
};

/** How many options are drawn; typing shows the others. */
const DRAWN = 60;

const folded = (text: string) => text.normalize('NFKC').toLowerCase();

/** The first options with a text, as many as are drawn. `texts` are theirs, folded: the palette has thousands. */
function matching(options: Option[], texts: string[], text: string): Option[] {
  const wanted = folded(text);
  const found: Option[] = [];
  for (let index = 0; index < options.length && found.length < DRAWN; index += 1) {
    const option = options[index];
    if (option && texts[index]?.includes(wanted)) found.push(option);
  }
  return found;
}

/**
 * A list of options in a dialog, filtered by typing: for the values of a field, and for the command
 * palette. With `isMultiple` it stays open, and Enter switches an option on and off.
 */
export function Picker({
  title,
  placeholder,
  options,
  onPick,
  onClose,
  onText,
  isMultiple = false,
  footer,
}: {
  title: string;
  placeholder: string;
  options: Option[];
  onPick: (id: string, text: string) => void;
  onClose: () => void;
  /** Gives options of its own for what was typed, below those that match. */
  onText?: (text: string) => Option[];
  isMultiple?: boolean;
  footer?: ReactNode;
}) {
  const m = useMessages();
  const list = useId();
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const texts = useMemo(() => options.map(({ label, hint = '' }) => folded(`${label} ${hint}`)), [options]);
  const shown = [...matching(options, texts, text), ...(onText?.(text.trim()) ?? [])].slice(0, DRAWN);
  const current = Math.min(active, shown.length - 1);
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    element.current?.querySelector(`[data-index="${current}"]`)?.scrollIntoView({ block: 'nearest' });
  }, [current]);

  function pick(option: Option | undefined) {
    if (!option) return;
    onPick(option.id, text.trim());
    if (isMultiple) setText('');
    else onClose();
  }

  function onKeyDown(event: KeyboardEvent) {
    if (isComposing(event)) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && shown.length > 0) setActive((current + step + shown.length) % shown.length);
    else if (event.key === 'Enter') pick(shown[current]);
    else return;
    event.preventDefault();
  }

  return (
    <Dialog title={title} isTitleHidden onClose={onClose}>
      <div className="flex h-11 shrink-0 items-center gap-2 border-line border-b px-3">
        <Glyph name="search" className="text-muted" />
        <input
          role="combobox"
          aria-expanded="true"
          aria-controls={list}
          aria-activedescendant={shown[current] ? `${list}-${current}` : undefined}
          aria-label={title}
          autoComplete="off"
          className="h-full min-w-0 grow bg-transparent outline-none placeholder:text-muted"
          placeholder={placeholder}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setActive(0);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div
        ref={element}
        id={list}
        role="listbox"
        aria-label={title}
        aria-multiselectable={isMultiple}
        className="overflow-y-auto p-1"
      >
        {shown.map((option, index) => (
          <div
            key={option.id}
            id={`${list}-${index}`}
            data-index={index}
            data-active={index === current}
            role="option"
            aria-selected={isMultiple ? Boolean(option.isChecked) : index === current}
            className={`flex min-h-8 cursor-default items-center gap-2 rounded px-2 py-1 pointer-coarse:min-h-11 ${index === current ? 'bg-hover' : ''}`}
            onPointerMove={() => setActive(index)}
            onClick={() => pick(option)}
          >
            {option.icon}
            <span className="min-w-0 grow truncate">{option.label}</span>
            {option.hint && <span className="shrink-0 text-muted text-xs">{option.hint}</span>}
            {option.isChecked && <Glyph name="check" className="text-primary-ink" />}
          </div>
        ))}
      </div>
      {shown.length === 0 && <p className="px-4 pb-3 text-muted">{m.tasks.pick.none}</p>}
      {footer}
    </Dialog>
  );
}
