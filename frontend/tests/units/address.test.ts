import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { addressQuery, setAddressQuery } from '@/components/address';

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['requestAnimationFrame', 'cancelAnimationFrame', 'setTimeout', 'clearTimeout'],
  });
  history.replaceState(null, '', '/tasks/');
});
afterEach(() => {
  vi.runAllTimers();
  vi.useRealTimers();
});

test('the address changes after the next frame, and whoever asks for the query has it at once', () => {
  setAddressQuery('?task=MIY-1', 'push');
  expect(addressQuery().get('task')).toBe('MIY-1');
  expect(location.search).toBe('');
  vi.advanceTimersToNextFrame();
  vi.runAllTimers();
  expect(location.search).toBe('?task=MIY-1');
  expect(addressQuery().get('task')).toBe('MIY-1');
});

test('the next input finds it changed: a step to another page comes after it', () => {
  setAddressQuery('?task=MIY-1', 'push');
  window.dispatchEvent(new KeyboardEvent('keydown', { key: 'g' }));
  expect(location.search).toBe('?task=MIY-1');
  // Once.
  history.replaceState(null, '', '/inbox/');
  vi.runAllTimers();
  window.dispatchEvent(new KeyboardEvent('keydown', { key: 'i' }));
  expect(location.pathname).toBe('/inbox/');
});

test('each of two changes in one frame is a step of its own', () => {
  const before = history.length;
  setAddressQuery('?q=a', 'push');
  setAddressQuery('?q=b', 'push');
  vi.runAllTimers();
  expect(location.search).toBe('?q=b');
  expect(history.length).toBe(before + 2);
});
