import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { SWRConfig } from 'swr';
import { afterEach, expect, test, vi } from 'vitest';
import { Toasts } from '@/components/Toasts';
import { closeToast, toasts } from '@/components/toast-store';
import { useSession } from '@/session/session';
import { Tokens } from '@/tokens/Tokens';
import { stateOf } from '@/tokens/use-tokens';
import { type Asked, serve } from './server';

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

function SignedIn() {
  return useSession().state === 'signed-in' ? <Tokens /> : null;
}

function open(permissions: string[], answers: Parameters<typeof serve>[0] = {}): Asked[] {
  const organization = { id: 'o1', name: 'Garden', role: 'viewer' };
  const asked = serve({
    'GET /api/auth/me': {
      body: {
        user: { id: 'p1', login: 'alice', name: 'Alice', avatar_url: null },
        organization,
        organizations: [organization],
        permissions,
        session_id: 's1',
      },
    },
    'GET /api/tokens': { body: { items: [TOKEN], next_cursor: null } },
    ...answers,
  });
  render(
    <SWRConfig value={{ provider: () => new Map(), dedupingInterval: 0 }}>
      <SignedIn />
      <Toasts />
    </SWRConfig>,
  );
  return asked;
}

const find = (asked: Asked[], request: string) => asked.find((entry) => entry.request === request);

afterEach(() => {
  cleanup();
  for (const { id } of toasts.shown()) closeToast(id);
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

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
