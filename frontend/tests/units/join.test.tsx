import { cleanup, render, screen, waitFor } from '@testing-library/react';
import { SWRConfig } from 'swr';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { JoinPage } from '@/join/JoinPage';
import { codeOf } from '@/join/refusal';
import { type Asked, problem, serve } from './server';

const CODE = 'A'.repeat(43);
const PREVIEW = {
  organization_id: 'o2',
  organization_name: 'Moss & Stone',
  role: 'member',
  login: null,
  expires_at: '2026-12-04T00:00:00.000000Z',
};
const GARDEN = { id: 'o1', name: 'Garden', role: 'owner' };
const ME = {
  body: {
    user: { id: 'p1', login: 'alice', name: 'Alice', avatar_url: null, email: null },
    organization: GARDEN,
    organizations: [GARDEN],
    permissions: [],
    session_id: 's1',
  },
};

const assign = vi.fn();

function open(answers: Parameters<typeof serve>[0], search = `?code=${CODE}`): Asked[] {
  const asked = serve({ 'GET /api/auth/me': ME, ...answers });
  vi.stubGlobal('location', { search, origin: 'http://localhost', href: 'http://localhost/join/', assign });
  render(
    <SWRConfig value={{ provider: () => new Map() }}>
      <JoinPage />
    </SWRConfig>,
  );
  return asked;
}

beforeEach(() => assign.mockClear());
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test('an invitation is shown, accepted, and its organization opened', async () => {
  const asked = open({
    'POST /api/invitations/preview': { body: PREVIEW },
    'POST /api/invitations/accept': { body: PREVIEW },
  });
  await screen.findByText('Join Moss & Stone with the role member.');
  screen.getByRole('button', { name: 'Join Moss & Stone' }).click();
  await waitFor(() => expect(assign).toHaveBeenCalledWith('/tasks/'));
  expect(asked.find(({ request }) => request === 'POST /api/invitations/accept')?.body).toEqual({
    code: CODE,
  });
  expect(asked.find(({ request }) => request === 'POST /api/auth/switch')?.body).toEqual({
    organization_id: 'o2',
  });
});

test('the code is in no address that the API sees', async () => {
  const asked = open({ 'POST /api/invitations/preview': { body: PREVIEW } });
  await screen.findByText(/Join Moss/, { selector: 'p' });
  expect(asked.map(({ request }) => request).filter((request) => request.includes(CODE))).toEqual([]);
});

test('somebody who is not signed in keeps the invitation through the sign-in', async () => {
  serve({});
  vi.stubGlobal('location', { search: `?code=${CODE}` });
  vi.spyOn(document, 'cookie', 'get').mockReturnValue('');
  render(
    <SWRConfig value={{ provider: () => new Map() }}>
      <JoinPage />
    </SWRConfig>,
  );
  const link = await screen.findByRole('link', { name: 'Sign in with GitHub' });
  const target = new URL(link.getAttribute('href') ?? '', 'http://localhost');
  expect(target.searchParams.get('return_to')).toBe(`/join/?code=${CODE}`);
});

test('the wrong account is told which login was meant, and can sign in with it', async () => {
  open({
    'POST /api/invitations/preview': problem(403, 'wrong_account', { login: 'bob-1' }),
    'POST /api/auth/logout': { status: 204 },
  });
  expect((await screen.findByRole('alert')).textContent).toBe(
    'It is for the GitHub account bob-1. You are signed in as alice.',
  );
  screen.getByRole('button', { name: 'Sign in as bob-1' }).click();
  const back = encodeURIComponent(`/join/?code=${CODE}`);
  await waitFor(() => expect(assign).toHaveBeenCalledWith(`/api/auth/login?return_to=${back}&login=bob-1`));
});

test.each([
  [403, 'removed', {}, 'This invitation is too old for you'],
  [404, 'not_found', {}, 'This is not an invitation'],
  [409, 'too_many_organizations', {}, 'You belong to too many organizations'],
  [410, 'invitation_closed', {}, 'This invitation cannot be used any more'],
  [410, 'invitation_closed', { cause: 'expired' }, 'This invitation has expired'],
  [410, 'invitation_closed', { cause: 'used_up' }, 'This invitation is used up'],
  [410, 'invitation_closed', { cause: 'revoked' }, 'This invitation was withdrawn'],
  [422, 'invalid', {}, 'This is not an invitation'],
])('%i %s %o is explained', async (status, code, about, title) => {
  open({ 'POST /api/invitations/preview': problem(status, code, about) });
  await screen.findByRole('heading', { name: title });
  expect(screen.getByRole('alert').textContent).not.toBe('');
  expect(screen.queryByRole('button')).toBeNull();
});

test('a member is led to the organization, and the invitation is not used', async () => {
  const asked = open({
    'POST /api/invitations/preview': problem(409, 'already_member', { organization_id: 'o1' }),
  });
  (await screen.findByRole('button', { name: 'Open Garden' })).click();
  await waitFor(() => expect(assign).toHaveBeenCalledWith('/tasks/'));
  expect(asked.some(({ request }) => request.endsWith('/accept'))).toBe(false);
});

test('an invitation that is used up meanwhile is explained instead of joined', async () => {
  open({
    'POST /api/invitations/preview': { body: PREVIEW },
    'POST /api/invitations/accept': problem(410, 'invitation_closed'),
  });
  (await screen.findByRole('button', { name: 'Join Moss & Stone' })).click();
  await screen.findByRole('heading', { name: 'This invitation cannot be used any more' });
  expect(assign).not.toHaveBeenCalled();
});

test('a failure that may pass can be tried again', async () => {
  let times = 0;
  open({
    'POST /api/invitations/preview': () => (++times === 1 ? problem(403, 'csrf') : { body: PREVIEW }),
  });
  (await screen.findByRole('button', { name: 'Try again' })).click();
  await screen.findByRole('button', { name: 'Join Moss & Stone' });
});

test('a link without a code is explained', async () => {
  open({}, '?code=short');
  await screen.findByRole('heading', { name: 'This is not an invitation' });
  expect(codeOf(`?code=${CODE}`)).toBe(CODE);
  expect(codeOf(`?code=${'A'.repeat(42)}/`)).toBeNull();
});
