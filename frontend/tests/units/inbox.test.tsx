import { fireEvent, screen, waitFor } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { InboxPage } from '@/inbox/InboxPage';
import { UnreadBadge } from '@/inbox/UnreadBadge';
import { WatchButton } from '@/inbox/WatchButton';
import { find, openPage } from './page';
import { type Asked, problem, type serve } from './server';

vi.mock('next/navigation', () => ({ useSearchParams: () => new URLSearchParams() }));

// What jsdom lacks.
Element.prototype.scrollIntoView ??= () => {};

const AT = '2026-11-27T05:00:00.000000Z';
const notification = (id: string, title: string) => ({
  id,
  task: { id: `t-${id}`, title },
  reasons: ['mentioned'],
  actor: { id: 'p2', login: 'bob', name: 'Bob', avatar_url: null },
  created_at: AT,
  updated_at: AT,
  read_at: null,
  archived_at: null,
  snoozed_until: null,
});
/** The inbox over an API with two notifications, of which the archived one is gone afterwards. */
function open(answers: Parameters<typeof serve>[0] = {}): Asked[] {
  let left = [notification('n1', 'Water the maple'), notification('n2', 'Rake the gravel')];
  const page = (
    <>
      <UnreadBadge />
      <InboxPage />
      <WatchButton task="t1" />
    </>
  );
  return openPage(
    page,
    { role: 'member', permissions: ['tasks.read', 'tasks.write'] },
    {
      'GET /api/notifications': () => ({ body: { items: left, next_cursor: null } }),
      'GET /api/tasks/t1/watch': { body: { watching: false } },
      'PUT /api/tasks/t1/watch': { status: 204 },
      'PATCH /api/notifications/n1': ({ body }) => {
        if ((body as { archived?: boolean }).archived) left = left.slice(1);
        return { body: notification('n1', 'Water the maple') };
      },
      ...answers,
    },
  );
}

test('E archives the active notification at once, and the count follows', async () => {
  const asked = open();
  await screen.findByText('Water the maple');
  await screen.findByText('2 unread');
  fireEvent.keyDown(window, { key: 'j' });
  await waitFor(() => expect(document.querySelector('[data-active=true]')).not.toBeNull());
  fireEvent.keyDown(window, { key: 'e' });
  await waitFor(() => expect(screen.queryByText('Water the maple')).toBeNull());
  expect(find(asked, 'PATCH /api/notifications/n1')?.body).toEqual({ archived: true });
  await screen.findByText('Archived “Water the maple”');
  await screen.findByText('1 unread');
});

test('what the server refused to archive is shown again, with the reason', async () => {
  open({ 'PATCH /api/notifications/n1': problem(500, 'internal') });
  const [archive] = await screen.findAllByRole('button', { name: 'Archive' });
  if (archive) fireEvent.click(archive);
  await screen.findByText('Not saved: Inbox');
  await screen.findByText('Water the maple');
});

test('H asks until when, in the words of the reader', async () => {
  const asked = open();
  await screen.findByText('Water the maple');
  fireEvent.keyDown(window, { key: 'j' });
  await waitFor(() => expect(document.querySelector('[data-active=true]')).not.toBeNull());
  fireEvent.keyDown(window, { key: 'h' });
  fireEvent.click(await screen.findByText('In 3 hours'));
  await screen.findByText('Snoozed “Water the maple”');
  const { snoozed_until } = (find(asked, 'PATCH /api/notifications/n1')?.body ?? {}) as {
    snoozed_until: string;
  };
  expect(Date.parse(snoozed_until) - Date.now()).toBeGreaterThan(2.9 * 3_600_000);
});

test('Shift-W watches the task that is open', async () => {
  const asked = open();
  const button = await screen.findByRole('button', { name: 'Watch' });
  await waitFor(() => expect(button).toHaveProperty('disabled', false));
  fireEvent.keyDown(window, { key: 'W', shiftKey: true });
  await waitFor(() => expect(button.getAttribute('aria-pressed')).toBe('true'));
  expect(find(asked, 'PUT /api/tasks/t1/watch')).toBeDefined();
});

test('an empty inbox says what comes here', async () => {
  open({ 'GET /api/notifications': { body: { items: [], next_cursor: null } } });
  await screen.findByText(/Your inbox is empty/);
  expect(screen.queryByText(/unread/)).toBeNull();
});
