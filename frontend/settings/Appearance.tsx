'use client';

import { useSyncExternalStore } from 'react';
import { openOverlay } from '@/components/overlay-store';
import { commandStore, setSingleKeys, singleKeys } from '@/keyboard/commands';
import { chooseLanguage, type Language, useLanguage, useMessages } from '@/messages/language';

type Theme = 'system' | 'light' | 'dark';
const THEMES: readonly Theme[] = ['system', 'light', 'dark'];
/** Read by public/theme.js before the first paint. */
const KEY = 'miyabi-theme';

function subscribe(listener: () => void): () => void {
  addEventListener(KEY, listener);
  return () => removeEventListener(KEY, listener);
}

function useTheme(): Theme {
  const chosen = useSyncExternalStore(
    subscribe,
    () => localStorage.getItem(KEY),
    () => null,
  );
  return THEMES.find((theme) => theme === chosen) ?? 'system';
}

function chooseTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  dispatchEvent(new Event(KEY));
}

/** Theme and language of this browser. */
export function Appearance() {
  const m = useMessages();
  const theme = useTheme();
  const language = useLanguage();
  return (
    <div className="flex flex-wrap gap-6">
      <fieldset>
        <legend className="mb-1 text-muted">{m.settings.theme}</legend>
        <div className="flex flex-wrap gap-4">
          {THEMES.map((value) => (
            <label key={value} className="inline-flex min-h-7 items-center gap-2 pointer-coarse:min-h-11">
              <input
                type="radio"
                name="theme"
                className="size-4 accent-primary"
                checked={theme === value}
                onChange={() => chooseTheme(value)}
              />
              {m.settings.themes[value]}
            </label>
          ))}
        </div>
      </fieldset>
      <label className="flex flex-col gap-1">
        <span className="text-muted">{m.settings.language}</span>
        <select
          className="field w-40"
          value={language}
          onChange={(event) => chooseLanguage(event.target.value as Language)}
        >
          <option value="en" lang="en">
            English
          </option>
          <option value="ja" lang="ja">
            日本語
          </option>
        </select>
      </label>
    </div>
  );
}

/** Whether single keys do something, and the sheet of all keys. */
export function Keyboard() {
  const m = useMessages();
  const isOn = useSyncExternalStore(commandStore.subscribe, singleKeys, () => true);
  return (
    <div className="flex flex-col items-start gap-2">
      <label className="inline-flex min-h-7 items-center gap-2 pointer-coarse:min-h-11">
        <input
          type="checkbox"
          className="size-4 accent-primary"
          checked={isOn}
          onChange={(event) => setSingleKeys(event.target.checked)}
        />
        {m.settings.singleKeys}
      </label>
      <p className="text-muted">{m.settings.singleKeysLead}</p>
      <button type="button" className="button" onClick={() => openOverlay('sheet')}>
        {m.settings.showKeys}
      </button>
    </div>
  );
}
