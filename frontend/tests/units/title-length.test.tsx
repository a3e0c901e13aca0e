import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, test, vi } from 'vitest';

vi.mock('idb-keyval', () => ({ set: async () => {}, delMany: async () => {}, entries: async () => [] }));
const edited = vi.fn();
vi.mock('@/tasks/task-actions', () => ({ editTask: edited }));

const { TextField } = await import('@/tasks/TextField');
const { closeDrafts } = await import('@/tasks/drafts');
const { isTooLong, titleLength } = await import('@/tasks/title-length');

afterEach(() => {
  cleanup();
  closeDrafts();
  edited.mockReset();
});

test('characters are counted as the server counts them', () => {
  expect(titleLength('  松  ')).toBe(1);
  // One code point of two UTF-16 units; a letter and its accent, which are one when they are composed.
  expect(titleLength('🪴'.repeat(200))).toBe(200);
  expect(titleLength('e\u0301')).toBe(1);
  expect(isTooLong('🪴'.repeat(200))).toBe(false);
  expect(isTooLong('x'.repeat(201))).toBe(true);
});

test('a title that is too long is said to be, kept as typed, and not sent until it is shorter', () => {
  render(<TextField id="t1" field="title" value="Moss" label="Title" className="" isReadOnly={false} />);
  const field = screen.getByRole('textbox', { name: 'Title' }) as HTMLTextAreaElement;
  fireEvent.focus(field);
  fireEvent.change(field, { target: { value: 'x'.repeat(180) } });
  expect(screen.queryByText(/of 200 characters/)).toBeNull();
  fireEvent.change(field, { target: { value: 'x'.repeat(213) } });
  screen.getByText('A title has at most 200 characters. Shorten it by 13 to save it.');
  screen.getByText('213 of 200 characters');
  expect(field.getAttribute('aria-invalid')).toBe('true');
  fireEvent.keyDown(field, { key: 'Enter' });
  fireEvent.blur(field);
  expect(edited).not.toHaveBeenCalled();
  expect(field.value).toHaveLength(213);
  expect(screen.getByRole('button', { name: 'Save' })).toHaveProperty('disabled', true);

  fireEvent.focus(field);
  fireEvent.change(field, { target: { value: 'x'.repeat(200) } });
  expect(screen.queryByText(/Shorten it/)).toBeNull();
  fireEvent.blur(field);
  expect(edited).toHaveBeenCalledWith('t1', { title: 'x'.repeat(200) }, { title: 'Moss' });
});
