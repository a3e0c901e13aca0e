import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Me } from '@/session/session';

const disk = new Map<string, unknown>();
vi.mock('idb-keyval', () => ({
  entries: async () => [...disk.entries()].map((entry) => structuredClone(entry)),
  set: async (key: string, value: unknown) => void disk.set(key, structuredClone(value)),
  delMany: async (keys: string[]) => {
    for (const key of keys) disk.delete(key);
  },
}));
const edited = vi.fn();
vi.mock('@/tasks/task-actions', () => ({ editTask: edited }));

const me = (user: string) => ({ user: { id: user }, organization: { id: 'org' } }) as Me;

/** A page that has just been loaded. */
async function freshPage() {
  cleanup();
  vi.resetModules();
  const drafts = await import('@/tasks/drafts');
  const { TextField } = await import('@/tasks/TextField');
  return { ...drafts, TextField };
}

beforeEach(() => {
  disk.clear();
  edited.mockReset();
});
afterEach(cleanup);

const PROPS = {
  id: 't1',
  field: 'description',
  label: 'Description',
  className: '',
  isReadOnly: false,
} as const;
const field = () => screen.getByRole('textbox', { name: 'Description' }) as HTMLTextAreaElement;

test('what was typed and not saved is offered by the next page, and saved from what it was made from', async () => {
  const first = await freshPage();
  await first.openDrafts(me('aki'));
  render(<first.TextField {...PROPS} value="Old" />);
  fireEvent.focus(field());
  fireEvent.change(field(), { target: { value: 'Typed' } });
  expect(screen.queryByText(/You typed this earlier/)).toBeNull();

  const second = await freshPage();
  render(<second.TextField {...PROPS} value="Changed meanwhile" />);
  expect(field().value).toBe('Changed meanwhile');
  await second.openDrafts(me('aki'));
  expect((await screen.findByText(/You typed this earlier/)).textContent).toBeTruthy();
  expect(field().value).toBe('Typed');
  fireEvent.click(screen.getByRole('button', { name: 'Save' }));
  expect(edited).toHaveBeenCalledWith('t1', { description: 'Typed' }, { description: 'Old' });
  expect(disk.size).toBe(0);
});

test('a draft that is discarded is gone, and one is nobody else’s', async () => {
  const first = await freshPage();
  await first.openDrafts(me('aki'));
  first.keepDraft('t1', 'description', { text: 'Mine', from: '' });
  const second = await freshPage();
  await second.openDrafts(me('ren'));
  expect(second.draftOf('t1', 'description')).toBeUndefined();
  const third = await freshPage();
  await third.openDrafts(me('aki'));
  render(<third.TextField {...PROPS} value="" />);
  fireEvent.click(await screen.findByRole('button', { name: 'Discard' }));
  expect(field().value).toBe('');
  expect(disk.size).toBe(0);
});

test('what is typed before the drafts are read wins, and old ones go', async () => {
  const first = await freshPage();
  await first.openDrafts(me('aki'));
  first.keepDraft('t1', 'comment', { text: 'Before', from: '' });
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 31 * 86_400_000 });
  first.keepDraft('t2', 'comment', { text: 'Long ago', from: '' });
  vi.useRealTimers();
  const second = await freshPage();
  second.keepDraft('t1', 'comment', { text: 'Now', from: '' });
  await second.openDrafts(me('aki'));
  expect(second.draftOf('t1', 'comment')?.text).toBe('Now');
  expect(second.draftOf('t2', 'comment')).toBeUndefined();
  expect(disk.size).toBe(1);
});

test('the drafts of a new task follow it to the id that the server gave it', async () => {
  const page = await freshPage();
  await page.openDrafts(me('aki'));
  page.keepDraft('local', 'description', { text: 'Half a sent', from: '' });
  page.moveDrafts('local', 't9');
  expect(page.draftOf('t9', 'description')?.text).toBe('Half a sent');
  expect([...disk.keys()]).toEqual(['draft aki org t9 description']);
  page.closeDrafts();
  expect(page.draftOf('t9', 'description')).toBeUndefined();
});
