'use client';

import { useSyncExternalStore } from 'react';
import { en, type Messages } from './en';

export type Language = 'en' | 'ja';

/** Where the choice is kept. It is no secret, and it must be known before the first sign-in. */
const KEY = 'miyabi-language';

/** English is in every page; Japanese is loaded when it is wanted. */
const loaded: Partial<Record<Language, Messages>> = { en };
const listeners = new Set<() => void>();
let current: Language = 'en';
let started = false;

function wanted(): Language {
  const chosen = localStorage.getItem(KEY);
  if (chosen === 'en' || chosen === 'ja') return chosen;
  return navigator.language.startsWith('ja') ? 'ja' : 'en';
}

async function use(language: Language): Promise<void> {
  if (!loaded[language]) loaded[language] = (await import('./ja')).ja;
  current = language;
  document.documentElement.lang = language;
  for (const listener of listeners) listener();
}

/** Calls back when the language changes. Returns what stops that. */
export function subscribeLanguage(listener: () => void): () => void {
  listeners.add(listener);
  if (!started) {
    started = true;
    void use(wanted());
  }
  return () => listeners.delete(listener);
}

/** The language that is wanted: the one that is shown, or is being loaded. */
export function languageNow(): Language {
  return typeof window === 'undefined' ? 'en' : wanted();
}

/** The language that texts are in at this moment. */
export function useLanguage(): Language {
  return useSyncExternalStore(
    subscribeLanguage,
    () => current,
    () => 'en',
  );
}

/** The texts of the chosen language: of the browser's, unless the person chose one in the settings. */
export function useMessages(): Messages {
  return loaded[useLanguage()] ?? en;
}

/** The same outside of components. */
export function messages(): Messages {
  return loaded[current] ?? en;
}

/** Chooses a language for this browser. */
export function chooseLanguage(language: Language): void {
  localStorage.setItem(KEY, language);
  void use(language);
}
