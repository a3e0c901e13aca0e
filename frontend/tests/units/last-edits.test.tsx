import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Providers } from '@/components/Providers';
import { tasks } from '@/tasks/task-store';

/** Keys of what is stored in the browser. */
const disk = new Set<string>();
vi.mock('idb-keyval', () => ({ keys: async () => [...disk] }));
const sendUnsent = vi.fn();
vi.mock('@/tasks/unsent', () => ({ sendUnsent }));

const { lastEdits } = await import('@/tasks/last-edits');

beforeEach(() => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  render(<Providers>{null}</Providers>);
});
afterEach(() => {
  cleanup();
  disk.clear();
  tasks.clear();
  sendUnsent.mockReset();
  vi.useRealTimers();
});

const lose = (text: string) => screen.findByRole('button', { name: text, hidden: true });

test('with everything saved nothing is asked', async () => {
  disk.add('draft p1 o1 t1 description');
  disk.add('snapshot');
  expect(await lastEdits()).toBe(true);
  expect(sendUnsent).not.toHaveBeenCalled();
});

test('what is saved within the time is not asked about', async () => {
  disk.add('edit p1 o1 page t1');
  sendUnsent.mockImplementation(() => setTimeout(() => disk.clear(), 1_000));
  expect(await lastEdits()).toBe(true);
  expect(screen.queryByRole('dialog', { hidden: true })).toBeNull();
});

test('what cannot be saved is counted by tasks, and lost only by who agrees', async () => {
  // A new task with an edit, one of another tab, and one of another organization.
  for (const key of ['o1 page +t1', 'o1 page t1', 'o1 other t2', 'o2 page t3']) disk.add(`edit p1 ${key}`);
  const first = lastEdits();
  await vi.advanceTimersByTimeAsync(2_800);
  expect(screen.queryByRole('dialog', { hidden: true })).toBeNull();
  await vi.advanceTimersByTimeAsync(600);
  await lose('Sign out and lose 3 changes');
  fireEvent.click(screen.getByRole('button', { name: 'Stay signed in', hidden: true }));
  expect(await first).toBe(false);
  await waitFor(() => expect(screen.queryByRole('dialog', { hidden: true })).toBeNull());

  const second = lastEdits();
  await vi.advanceTimersByTimeAsync(3_400);
  fireEvent.click(await lose('Sign out and lose 3 changes'));
  expect(await second).toBe(true);
});

test('the question follows what is saved meanwhile, and answers itself when nothing is left', async () => {
  for (const id of ['t1', 't2']) disk.add(`edit p1 o1 page ${id}`);
  const ended = lastEdits();
  await vi.advanceTimersByTimeAsync(3_400);
  await lose('Sign out and lose 2 changes');
  disk.delete('edit p1 o1 page t1');
  await vi.advanceTimersByTimeAsync(400);
  await lose('Sign out and lose 1 change');
  disk.clear();
  await vi.advanceTimersByTimeAsync(400);
  expect(await ended).toBe(true);
  await waitFor(() => expect(screen.queryByRole('dialog', { hidden: true })).toBeNull());
});

test('without a disk, the edits of this page are counted', async () => {
  tasks.overlay('t1', { title: 'Mine' });
  const ended = lastEdits();
  await vi.advanceTimersByTimeAsync(3_400);
  fireEvent.click(await lose('Sign out and lose 1 change'));
  expect(await ended).toBe(true);
});
