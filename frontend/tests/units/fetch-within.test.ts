import { afterEach, expect, test, vi } from 'vitest';
import { fetchWithin, LONGEST_WAIT } from '@/api/fetch-within';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A connection that is dead without having been closed. */
function dead(_url: unknown, { signal }: RequestInit): Promise<Response> {
  return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
}

test('a request that is never answered is unreachable after a while, and can be sent again', async () => {
  vi.useFakeTimers();
  vi.stubGlobal('fetch', dead);
  const problem = fetchWithin('/api/tasks').catch((error) => error);
  await vi.advanceTimersByTimeAsync(LONGEST_WAIT);
  expect(await problem).toMatchObject({ code: 'unreachable', isTemporary: true });
});

test('a body may take longer than the beginning of its response', async () => {
  vi.useFakeTimers();
  let seen: AbortSignal | null | undefined;
  vi.stubGlobal('fetch', async (_url: unknown, { signal }: RequestInit) => {
    seen = signal;
    return new Response('{}');
  });
  await fetchWithin('/api/tasks');
  await vi.advanceTimersByTimeAsync(2 * LONGEST_WAIT);
  expect(seen?.aborted).toBe(false);
});
