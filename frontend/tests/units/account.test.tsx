import { fireEvent, screen, waitFor } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import { Account } from '@/settings/Account';
import { find, openPage } from './page';
import { type Asked, problem, type serve } from './server';

vi.mock('idb-keyval', () => ({ keys: async () => [], clear: async () => {}, del: async () => {} }));

const AT = '2026-12-11T00:00:00.000000Z';

function open(answers: Parameters<typeof serve>[0]): Asked[] {
  return openPage(
    <Account />,
    { role: 'member', permissions: [] },
    { 'GET /api/account': { body: { deletes_at: null } }, ...answers },
  );
}

async function confirm(login: string): Promise<HTMLElement> {
  const field = await screen.findByRole('textbox', { name: 'Type “alice” to delete the account' });
  fireEvent.change(field, { target: { value: login } });
  return screen.getByRole('button', { name: 'Delete my account' });
}

test('an account is deleted only by its login, and the session ends with it', async () => {
  const asked = open({
    'DELETE /api/account': { body: { deletes_at: AT } },
    'POST /api/auth/logout': { status: 204 },
  });
  expect(await confirm('bob')).toHaveProperty('disabled', true);
  fireEvent.click(await confirm(' alice '));
  await waitFor(() => expect(find(asked, 'POST /api/auth/logout')).toBeDefined());
  const requests = asked.map(({ request }) => request);
  expect(requests.indexOf('DELETE /api/account')).toBeLessThan(requests.indexOf('POST /api/auth/logout'));
});

test('the last owner is told of which organizations, and stays signed in', async () => {
  const about = { organizations: ['Garden', 'Moss & Stone'] };
  const asked = open({ 'DELETE /api/account': problem(409, 'last_owner', about) });
  fireEvent.click(await confirm('alice'));
  expect((await screen.findByRole('alert')).textContent).toMatch(/the only owner of Garden, Moss & Stone\./);
  expect(find(asked, 'POST /api/auth/logout')).toBeUndefined();
});

test('an account that is going to be deleted can be kept', async () => {
  let deletesAt: string | null = AT;
  open({
    'GET /api/account': () => ({ body: { deletes_at: deletesAt } }),
    'POST /api/account/keep': () => {
      deletesAt = null;
      return { status: 204 };
    },
  });
  expect((await screen.findByRole('alert')).textContent).toMatch(/will be deleted on .*2026/);
  expect(screen.queryByRole('button', { name: 'Delete my account' })).toBeNull();
  fireEvent.click(screen.getByRole('button', { name: 'Keep my account' }));
  await screen.findByText('Your account is kept');
  await screen.findByRole('button', { name: 'Delete my account' });
});
