import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fetchLater } from '@/live/fetch-later';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A synchronisation that always wants something, and when it was asked to fetch, in milliseconds. */
function wanting() {
  const began = performance.now();
  const fetched: number[] = [];
  const fetching = fetchLater({
    hasWanted: () => true,
    lastSeq: () => null,
    fetch: async () => {
      fetched.push(performance.now() - began);
    },
  });
  return { fetching, fetched };
}

test('what a person changes, one thing after the other, is fetched soon each time', async () => {
  const { fetching, fetched } = wanting();
  for (let change = 0; change < 8; change += 1) {
    const before = fetched.length;
    fetching.flush();
    await vi.advanceTimersByTimeAsync(25);
    expect(fetched.length).toBe(before + 1);
    await vi.advanceTimersByTimeAsync(375);
  }
});

test('what a program changes is collected: a page asks a few times a second', async () => {
  const { fetching, fetched } = wanting();
  for (let event = 0; event < 1_000; event += 1) {
    fetching.flush();
    await vi.advanceTimersByTimeAsync(5);
  }
  // By collecting 50 to 250 ms each time it would be about 33 in these five seconds; by 5 to 25, 250.
  expect(fetched.length).toBeGreaterThan(15);
  expect(fetched.length).toBeLessThan(60);
});

test('a fetch that failed is tried again', async () => {
  let attempts = 0;
  const fetching = fetchLater({
    hasWanted: () => true,
    lastSeq: () => null,
    fetch: () => Promise.reject(new Error(`attempt ${++attempts}`)),
  });
  fetching.flush();
  await vi.advanceTimersByTimeAsync(100);
  expect(attempts).toBe(1);
  await vi.advanceTimersByTimeAsync(2_100);
  expect(attempts).toBe(2);
});
