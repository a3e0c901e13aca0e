import { expect, test } from 'vitest';
import { isComposing } from '@/keyboard/is-composing';

test('Enter of an input method is told from Enter', () => {
  expect(isComposing(new KeyboardEvent('keydown', { key: 'Enter' }))).toBe(false);
  expect(isComposing(new KeyboardEvent('keydown', { key: 'Enter', isComposing: true }))).toBe(true);
  expect(isComposing(new KeyboardEvent('keydown', { key: 'Enter', keyCode: 229 }))).toBe(true);
  expect(isComposing({ nativeEvent: { isComposing: true } })).toBe(true);
});
