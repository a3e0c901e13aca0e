import { fetchWithin } from '@/api/fetch-within';
import { type ApiProblem, problemOf } from '@/api/problem';
import type { components } from '@/api/schema';

/**
 * The access token of this browser: in memory only, exchanged before it expires, and once for all tabs.
 *
 * The refresh token is in a cookie that no script can read. A lock lets one tab at a time exchange it;
 * the others get the new token by a message.
 */
type Token = { value: string; expiresAt: number; organization: string };
type Message = { kind: 'token'; token: Token; at: number } | { kind: 'ended' };

/** A token is exchanged when it has less than this left, in milliseconds. */
const SPARE = 30_000;
/** Longest wait for the message of the tab that has exchanged it, in milliseconds. */
const MESSAGE_WITHIN = 2_000;
/** When a tab last exchanged the token, for the others to know that a message is coming. No secret. */
const REFRESHED_AT = 'miyabi-refreshed-at';

let token: Token | null = null;
let receivedAt = 0;
const waiting = new Set<() => void>();
const endings = new Set<() => void>();
const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('miyabi-session');

if (channel) {
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.kind === 'ended') ended();
    else if (token && token.organization !== data.token.organization) location.reload();
    else accept(data.token, data.at);
  };
}

function accept(next: Token, at: number): void {
  token = next;
  receivedAt = at;
  for (const resolve of waiting) resolve();
  waiting.clear();
}

function ended(): void {
  token = null;
  for (const listener of endings) listener();
}

/** Calls back when the session has ended, here or in another tab. Returns what stops that. */
export function onSessionEnd(listener: () => void): () => void {
  endings.add(listener);
  return () => endings.delete(listener);
}

/** The CSRF token, which only pages of this site can read; null when nobody is signed in. */
export function csrfToken(): string | null {
  const pair = document.cookie.split('; ').find((cookie) => cookie.startsWith('__Host-csrf='));
  return pair ? pair.slice('__Host-csrf='.length) : null;
}

/** Whether somebody is signed in in this browser, as far as cookies say. */
export function mayBeSignedIn(): boolean {
  return csrfToken() !== null;
}

/** A token that is good for a while. Throws an `ApiProblem` when there is no session. */
export async function accessToken(): Promise<string> {
  if (token && token.expiresAt - Date.now() > SPARE) return token.value;
  return refresh(token?.value ?? null);
}

/** Another token than the one that was refused. */
export function rejected(value: string): Promise<string> {
  return token && token.value !== value ? Promise.resolve(token.value) : refresh(value);
}

let underWay: Promise<string> | null = null;

function refresh(old: string | null): Promise<string> {
  underWay ??= oneTabAtATime(() => exchange(old)).finally(() => {
    underWay = null;
  });
  return underWay;
}

async function oneTabAtATime<T>(work: () => Promise<T>): Promise<T> {
  return navigator.locks ? navigator.locks.request('miyabi-refresh', work) : work();
}

async function exchange(old: string | null): Promise<string> {
  const newest = Number(localStorage.getItem(REFRESHED_AT) ?? 0);
  // Only a tab that already had a token was there to hear the message.
  if (old && newest > receivedAt) await message();
  if (token && token.value !== old && token.expiresAt - Date.now() > SPARE) return token.value;
  return request('/api/auth/refresh');
}

function message(): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, MESSAGE_WITHIN);
    waiting.add(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** A request that the refresh cookie authenticates. */
export function withCookie(path: string, body?: unknown): Promise<Response> {
  const headers = new Headers({ 'x-csrf-token': csrfToken() ?? '' });
  if (body !== undefined) headers.set('content-type', 'application/json');
  return fetchWithin(path, {
    method: 'POST',
    headers,
    body: body === undefined ? null : JSON.stringify(body),
  });
}

async function request(path: string, body?: unknown): Promise<string> {
  const response = await withCookie(path, body);
  if (!response.ok) {
    const problem = await problemOf(response);
    if (isOver(problem)) announceEnd();
    throw problem;
  }
  const issued: components['schemas']['AccessToken'] = await response.json();
  const at = Date.now();
  const next = {
    value: issued.access_token,
    expiresAt: at + issued.expires_in * 1000,
    organization: issued.organization.id,
  };
  localStorage.setItem(REFRESHED_AT, String(at));
  channel?.postMessage({ kind: 'token', token: next, at } satisfies Message);
  accept(next, at);
  return next.value;
}

function isOver(problem: ApiProblem): boolean {
  return problem.status === 401 || problem.status === 403;
}

/** Forgets the token in all tabs. */
export function announceEnd(): void {
  channel?.postMessage({ kind: 'ended' } satisfies Message);
  ended();
}

/** Exchanges the token for one of another organization of the same person, in all tabs. */
export function switchOrganization(id: string): Promise<string> {
  return oneTabAtATime(() => request('/api/auth/switch', { organization_id: id }));
}
