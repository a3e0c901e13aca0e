import { ApiProblem } from '@/api/problem';
import { messages } from '@/messages/language';
import type { Action } from '@/tasks/history';

/** A short message at the bottom. At most two are shown; one with an error stays until it is closed. */
export type Toast = {
  id: number;
  text: string;
  detail?: string;
  undo?: Action;
  retry?: () => void;
  isError?: boolean;
};

/** How long a toast is shown, in milliseconds. */
const SHOWN = 6_000;
const MOST = 2;

let shown: readonly Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();

function set(next: readonly Toast[]): void {
  shown = next;
  for (const listener of listeners) listener();
}

/** Shows a message. */
export function toast(content: Omit<Toast, 'id'>): void {
  const id = ++last;
  set([...shown, { id, ...content }].slice(-MOST));
  if (!content.isError) setTimeout(() => closeToast(id), SHOWN);
}

/** Closes a message. */
export function closeToast(id: number): void {
  set(shown.filter((other) => other.id !== id));
}

/** What a failure means to the reader. */
export function explain(error: unknown): string {
  if (!(error instanceof ApiProblem)) return messages().errors.unexpected;
  const { errors } = messages();
  if (error.status === 0) return errors.offline;
  if (error.status === 403) return errors.forbidden;
  if (error.status === 404) return errors.gone;
  if (error.status === 429) return errors.busy;
  if ([502, 503, 504].includes(error.status)) return errors.unavailable;
  if (error.status >= 500) return errors.fault;
  const fields = error.fields.map(({ field, detail }) => `${field} ${detail}`).join('; ');
  return fields || error.message;
}

/** Says what failed, why, and under which id it is found in the logs. */
export function toastProblem(text: string, error: unknown, retry?: () => void): void {
  const id = error instanceof ApiProblem ? error.requestId : null;
  const detail = [explain(error), id ? messages().app.requestId(id) : ''].filter(Boolean).join(' · ');
  toast({ text, detail, retry, isError: true });
}

export const toasts = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  shown: (): readonly Toast[] => shown,
};
