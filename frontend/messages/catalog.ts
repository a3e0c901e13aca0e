'use client';

import { useSyncExternalStore } from 'react';
import { languageNow, subscribeLanguage, useLanguage } from './language';

/** The texts of one part of the dashboard, which are not in every page. */
export type Catalog<T> = {
  /** The texts in the chosen language. */
  useTexts: () => T;
  /** Resolves when they are loaded: whoever waits for it shows no English first. */
  ready: () => Promise<void>;
};

/** A catalog of texts: English comes with the code, Japanese is loaded when it is wanted. */
export function catalog<T>(english: T, loadJapanese: () => Promise<T>): Catalog<T> {
  let japanese: T | null = null;
  const listeners = new Set<() => void>();

  async function load(): Promise<void> {
    if (japanese || languageNow() !== 'ja') return;
    japanese = await loadJapanese();
    for (const listener of listeners) listener();
  }

  function subscribe(listener: () => void): () => void {
    listeners.add(listener);
    const stop = subscribeLanguage(() => void load());
    void load();
    return () => {
      listeners.delete(listener);
      stop();
    };
  }

  function useTexts(): T {
    const language = useLanguage();
    const loaded = useSyncExternalStore(
      subscribe,
      () => japanese,
      () => null,
    );
    return language === 'ja' && loaded ? loaded : english;
  }

  return { useTexts, ready: load };
}
