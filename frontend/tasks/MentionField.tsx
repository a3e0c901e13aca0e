'use client';

import { type KeyboardEvent, type TextareaHTMLAttributes, useId, useRef, useState } from 'react';
import { Avatar, nameOf } from '@/components/Avatar';
import { isComposing } from '@/keyboard/is-composing';
import { useMe } from '@/session/session';
import { mentionBefore, peopleFor, withMention } from './mention';
import { usePeople } from './use-people';

type Props = Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, 'onChange' | 'value'> & {
  value: string;
  onText: (text: string) => void;
};

/** A text in which `@` offers people: arrows choose, Enter or Tab takes, Escape closes. */
export function MentionField({ value, onText, onKeyDown, ...rest }: Props) {
  const me = useMe().user.id;
  const people = usePeople().filter(({ id }) => id !== me);
  const list = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const [caret, setCaret] = useState<number | null>(null);
  const [active, setActive] = useState(0);
  const mention = caret === null ? null : mentionBefore(value, caret);
  const found = mention ? peopleFor(mention.typed, people) : [];
  const current = Math.min(active, found.length - 1);

  function take(index: number) {
    const person = found[index];
    if (!person || !mention || caret === null) return;
    const next = withMention(value, mention.start, caret, person.login);
    onText(next.text);
    setCaret(null);
    // After the new text is in the field.
    requestAnimationFrame(() => field.current?.setSelectionRange(next.caret, next.caret));
  }
  function press(event: KeyboardEvent<HTMLTextAreaElement>) {
    const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !isComposing(event);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (found.length === 0 || !isPlain) return onKeyDown?.(event);
    if (step) setActive((current + step + found.length) % found.length);
    else if (event.key === 'Enter' || event.key === 'Tab') take(current);
    else if (event.key === 'Escape') setCaret(null);
    else return onKeyDown?.(event);
    event.preventDefault();
  }

  return (
    <div className="relative">
      <textarea
        {...rest}
        ref={field}
        value={value}
        aria-autocomplete="list"
        aria-controls={found.length > 0 ? list : undefined}
        aria-activedescendant={found.length > 0 ? `${list}-${current}` : undefined}
        onChange={(event) => {
          onText(event.target.value);
          setCaret(event.target.selectionStart);
          setActive(0);
        }}
        onKeyDown={press}
        onBlur={() => setCaret(null)}
      />
      {found.length > 0 && (
        <div
          id={list}
          role="listbox"
          aria-label="@"
          className="absolute inset-x-0 top-full z-10 rounded border border-line-strong bg-raised p-1 shadow-xl"
        >
          {found.map((person, index) => (
            <div
              key={person.id}
              id={`${list}-${index}`}
              role="option"
              aria-selected={index === current}
              tabIndex={-1}
              className={`flex min-h-8 items-center gap-2 rounded px-2 pointer-coarse:min-h-11 ${index === current ? 'bg-hover' : ''}`}
              // Before the field loses the focus.
              onPointerDown={(event) => {
                event.preventDefault();
                take(index);
              }}
            >
              <Avatar person={person} />
              <span className="truncate">{nameOf(person)}</span>
              <span className="text-muted text-xs">@{person.login}</span>
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
