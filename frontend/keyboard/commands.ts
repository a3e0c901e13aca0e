'use client';

import { useEffect, useRef } from 'react';
import { tinykeys } from 'tinykeys';
import { isComposing } from './is-composing';

/**
 * What can be done on this page. One list gives the keys, the command palette and the sheet of keys.
 */
export type Command = {
  id: string;
  label: string;
  /** Heading in the sheet. */
  group: string;
  /** As tinykeys writes them: `j`, `Shift+D`, `g t`, `$mod+k`. */
  keys: string[];
  run: () => void;
  /** Also while a field has the focus; only for keys with Ctrl or ⌘. */
  isGlobal?: boolean;
  /** Not offered in the palette: it only makes sense by its key. */
  isHidden?: boolean;
};

const KEY = 'miyabi-single-keys';
let registered: readonly { commands: Command[] }[] = [];
const listeners = new Set<() => void>();

function changed(): void {
  for (const listener of listeners) listener();
}

/** Whether letters and other characters do something by themselves; the person can turn them off (WCAG 2.1.4). */
export function singleKeys(): boolean {
  return localStorage.getItem(KEY) !== 'off';
}

/** Turns single keys on or off in this browser. */
export function setSingleKeys(on: boolean): void {
  localStorage.setItem(KEY, on ? 'on' : 'off');
  changed();
}

export const commandStore = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  /** What is registered at this moment, the page's own before the frame's. */
  all: (): Command[] => registered.flatMap((entry) => entry.commands),
};

/** Whether keys go into a field, or a dialog is open that has keys of its own. */
function isTaken(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  return Boolean(
    target?.closest?.('input:not([type=checkbox]), textarea, select, [contenteditable=true]') ||
      document.querySelector('dialog[open]'),
  );
}

/** Whether Enter and Space on an element are its own. */
function isPress(event: KeyboardEvent): boolean {
  const isButton = Boolean(
    (event.target as HTMLElement | null)?.closest?.('button, a, summary, [role=option]'),
  );
  return isButton && (event.key === 'Enter' || event.key === ' ');
}

/**
 * Whether a key is a character, alone or after another one: what a tool that types could press. Arrows, Enter,
 * Esc and keys with Ctrl, ⌘ or Alt are none: without them, nobody could use a list by keyboard.
 */
function isCharacter(keys: string): boolean {
  return keys.split(' ').every((press) => /^(Shift\+)?.$/.test(press));
}

/** How long the first key of two waits for the second, in milliseconds, as tinykeys counts. */
const SEQUENCE_WITHIN = 1_000;
/** The key before the last one, and when it was pressed. */
let before: { key: string; at: number } | null = null;
let last: { key: string; at: number } | null = null;

function follow(event: KeyboardEvent): void {
  before = isTaken(event) ? null : last;
  last = { key: event.key, at: event.timeStamp };
}

/** Whether a key is the second of two: `G then I` is not `I`. */
function isSecond(event: KeyboardEvent): boolean {
  if (!before || event.timeStamp - before.at > SEQUENCE_WITHIN) return false;
  const keys = `${before.key} ${event.key}`;
  return commandStore.all().some((command) => command.keys.includes(keys));
}

function bind(commands: () => Command[]): () => void {
  const bindings: Record<string, (event: KeyboardEvent) => void> = {};
  for (const { id, keys } of commands()) {
    for (const key of keys) {
      bindings[key] = (event) => {
        const command = commands().find((known) => known.id === id);
        if (!command || event.defaultPrevented || isComposing(event)) return;
        if (!command.isGlobal && (isTaken(event) || (isCharacter(key) && !singleKeys()))) return;
        if (isPress(event)) return;
        if (!key.includes(' ') && isSecond(event)) return;
        event.preventDefault();
        command.run();
      };
    }
  }
  return tinykeys(window, bindings);
}

/** Registers commands as long as the component is shown. */
export function useCommands(commands: Command[]): void {
  const latest = useRef(commands);
  latest.current = commands;
  const ids = commands.map((command) => command.id).join();
  // Before every binding sees a key.
  useEffect(() => {
    // The same function is added once, however many components ask for it.
    window.addEventListener('keydown', follow, { capture: true });
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: bound again when other commands are there, not when a closure is new
  useEffect(() => {
    const entry = {
      get commands() {
        return latest.current;
      },
    };
    registered = [entry, ...registered];
    changed();
    const unbind = bind(() => latest.current);
    return () => {
      unbind();
      registered = registered.filter((other) => other !== entry);
      changed();
    };
  }, [ids]);
}

/** A key as people read it: `Ctrl K`, `G then T`. */
export function shownKey(keys: string): string {
  const isMac = navigator.platform.startsWith('Mac');
  const words: Record<string, string> = {
    $mod: isMac ? '⌘' : 'Ctrl',
    ArrowDown: '↓',
    ArrowUp: '↑',
    ArrowLeft: '←',
    ArrowRight: '→',
    Escape: 'Esc',
    ' ': 'Space',
  };
  const one = (press: string) =>
    press
      .split('+')
      // `Shift+?` is typed as `?`.
      .filter((part, _, all) => part !== 'Shift' || /^[A-Za-z]$/.test(all.at(-1) ?? ''))
      .map((part) => words[part] ?? (part.length === 1 ? part.toUpperCase() : part))
      .join(' ');
  return keys.split(' ').map(one).join(' ');
}
