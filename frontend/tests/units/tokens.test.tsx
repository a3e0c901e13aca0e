import { fireEvent, screen, waitFor } from '@testing-library/react';
import { expect, test } from 'vitest';
import { Tokens } from '@/tokens/Tokens';
import { stateOf } from '@/tokens/use-tokens';
import { find, openPage } from './page';
import type { Asked, serve } from './server';

const TOKEN = {
  id: 'k1',
  name: 'Nightly export',
  last_four: 'x9Zq',
  permissions: ['tasks.read'],
  created_at: '2026-11-01T00:00:00.000000Z',
  expires_at: '2999-01-01T00:00:00.000000Z',
  last_used_at: null,
  revoked_at: null,
} as const;
const TEXT = `miy_${'a'.repeat(49)}`;

function open(permissions: string[], answers: Parameters<typeof serve>[0] = {}): Asked[] {
  return openPage(
    <Tokens />,
    { role: 'viewer', permissions },
    {
      'GET /api/tokens': { body: { items: [TOKEN], next_cursor: null } },
      ...answers,
    },
  );
}

test('only what the role may do is offered, and the token is shown until it is stored', async () => {
  const asked = open(['tasks.read', 'audit.read', 'members.manage'], {
    'POST /api/tokens': { status: 201, body: { api_token: TOKEN, token: TEXT } },
  });
  fireEvent.click(await screen.findByRole('button', { name: 'New token' }));
  expect(screen.getAllByRole('checkbox')).toHaveLength(2);
  fireEvent.click(screen.getByRole('checkbox', { name: 'Read the audit trail' }));
  fireEvent.change(screen.getByRole('textbox', { name: 'Name' }), { target: { value: ' Nightly ' } });
  fireEvent.change(screen.getByRole('combobox', { name: 'Good for' }), { target: { value: '30' } });
  fireEvent.click(screen.getByRole('button', { name: 'Create token' }));
  expect(await screen.findByRole('textbox', { name: 'The new token' })).toHaveProperty('value', TEXT);
  expect(find(asked, 'POST /api/tokens')?.body).toEqual({
    name: 'Nightly',
    permissions: ['tasks.read', 'audit.read'],
    expires_in_days: 30,
  });
  fireEvent.click(screen.getByRole('button', { name: 'I have stored it' }));
  expect(document.body.innerHTML).not.toContain(TEXT);
});

test('a role without a permission for tokens sees why it can create none', async () => {
  open([]);
  fireEvent.click(await screen.findByRole('button', { name: 'New token' }));
  await screen.findByText(/no permission that a token could have/);
});

test('a token is listed by its end and its last use, and revoked after a question', async () => {
  const asked = open(['tasks.read'], { 'DELETE /api/tokens/k1': { status: 204 } });
  await screen.findByText(/ends with x9Zq · never used/);
  fireEvent.click(screen.getByRole('button', { name: 'Revoke' }));
  expect(find(asked, 'DELETE /api/tokens/k1')).toBeUndefined();
  const sure = await screen.findByRole('alert');
  fireEvent.click(sure.querySelector('button') ?? sure);
  await waitFor(() => expect(find(asked, 'DELETE /api/tokens/k1')).toBeDefined());
  await screen.findByText('Nightly export was revoked');
});

test('a token is active until it expires or is revoked', () => {
  const token = { ...TOKEN, permissions: [...TOKEN.permissions] };
  expect(stateOf(token)).toBe('active');
  expect(stateOf({ ...token, expires_at: '2026-01-01T00:00:00Z' })).toBe('expired');
  expect(stateOf({ ...token, revoked_at: '2026-01-01T00:00:00Z' })).toBe('revoked');
});
