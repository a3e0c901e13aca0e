import { unreachable } from './problem';

/**
 * Longest wait for the beginning of a response, in milliseconds: the API's gateway gives up after 30 s, and a
 * part of an import, of up to 900 kB, has as long to leave on a slow line.
 */
export const LONGEST_WAIT = 60_000;

/**
 * `fetch`, whose every failure is the problem `unreachable`. A browser waits for minutes on a connection
 * that is dead without having been closed, and what comes after such a request would wait with it.
 */
export async function fetchWithin(url: Request | string, init: RequestInit = {}): Promise<Response> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), LONGEST_WAIT);
  try {
    return await fetch(url, { ...init, signal: controller.signal });
  } catch {
    throw unreachable();
  } finally {
    // A body may take longer, for example an export on a slow line.
    clearTimeout(timer);
  }
}
