import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { beginPresence, lookAt } from '@/live/presence';

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test('where somebody is is said at once, again every 20 seconds, and not oftener than the server takes', () => {
  const said: (string | null)[] = [];
  const presence = beginPresence((message) => {
    if (message.type === 'presence') said.push(message.at);
    return true;
  });
  lookAt('a');
  expect(said).toEqual(['task:a']);
  // J J J: only where it ends.
  lookAt('b');
  lookAt('c');
  vi.advanceTimersByTime(5_500);
  expect(said).toEqual(['task:a', 'task:c']);
  vi.advanceTimersByTime(20_000);
  expect(said).toEqual(['task:a', 'task:c', 'task:c']);
  vi.spyOn(document, 'hidden', 'get').mockReturnValue(true);
  document.dispatchEvent(new Event('visibilitychange'));
  vi.advanceTimersByTime(60_000);
  expect(said.at(-1)).toBeNull();
  expect(said).toHaveLength(4);
  presence.end();
  lookAt(null);
});

test('another connection is told again', () => {
  let isConnected = false;
  const said: unknown[] = [];
  const presence = beginPresence((message) => {
    if (isConnected) said.push(message);
    return isConnected;
  });
  lookAt('a');
  isConnected = true;
  presence.renew();
  expect(said).toEqual([{ type: 'presence', at: 'task:a' }]);
  presence.end();
  lookAt(null);
});
