import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import type { ReactNode } from 'react';
import { expect, test } from 'vitest';
import { Invitations, stateOf } from '@/settings/Invitations';
import { Members } from '@/settings/Members';
import { Organization } from '@/settings/Organization';
import { Roles } from '@/settings/Roles';
import { find, openPage } from './page';
import { type Asked, problem, type serve } from './server';

const AT = '2026-11-01T00:00:00.000000Z';
const PERMISSIONS = [
  'tasks.read',
  'members.read',
  'members.manage',
  'roles.manage',
  'org.update',
  'org.delete',
];
const member = (id: string, login: string, role: string) => ({
  id,
  login,
  name: null,
  avatar_url: null,
  role,
  joined_at: AT,
  version: 3,
});
const role = (name: string, built_in: boolean, permissions: string[]) => ({
  name,
  built_in,
  permissions,
  created_at: AT,
  version: 2,
});
const INVITATION = {
  id: 'i1',
  role: 'member',
  login: null,
  invited_by: 'p1',
  uses: 0,
  max_uses: 1,
  created_at: AT,
  expires_at: '2999-01-01T00:00:00.000000Z',
  revoked_at: null,
};

function open(page: ReactNode, answers: Parameters<typeof serve>[0]): Asked[] {
  return openPage(
    page,
    { role: 'owner', permissions: PERMISSIONS },
    {
      'GET /api/members': {
        body: { items: [member('p1', 'alice', 'owner'), member('p2', 'bob', 'member')] },
      },
      'GET /api/roles': {
        body: { items: [role('member', true, ['tasks.read']), role('gardener', false, ['tasks.read'])] },
      },
      'GET /api/invitations': { body: { items: [INVITATION] } },
      'GET /api/organizations': { body: { items: [] } },
      'GET /api/organizations/o1': { body: { id: 'o1', name: 'Garden', created_at: AT, version: 4 } },
      ...answers,
    },
  );
}

test('a role is changed from the version that is shown', async () => {
  const asked = open(<Members />, { 'PATCH /api/members/p2': { body: member('p2', 'bob', 'gardener') } });
  const choice = await screen.findByRole('combobox', { name: 'Role of bob' });
  await within(choice).findByRole('option', { name: 'gardener' });
  fireEvent.change(choice, { target: { value: 'gardener' } });
  await screen.findByText('bob has the role gardener now');
  const sent = find(asked, 'PATCH /api/members/p2');
  expect(sent?.body).toEqual({ role: 'gardener' });
  expect(sent?.headers.get('if-match')).toBe('"3"');
});

test('the last owner is told why the role stays', async () => {
  open(<Members />, { 'PATCH /api/members/p1': problem(409, 'last_owner') });
  const choice = await screen.findByRole('combobox', { name: 'Role of alice' });
  fireEvent.change(choice, {
    target: { value: 'member' },
  });
  await screen.findByText(/needs an owner/);
});

test('a member is removed only after a question, and never the reader', async () => {
  const asked = open(<Members />, { 'DELETE /api/members/p2': { status: 204 } });
  const remove = await screen.findByRole('button', { name: 'Remove' });
  fireEvent.click(remove);
  expect(find(asked, 'DELETE /api/members/p2')).toBeUndefined();
  fireEvent.click(within(screen.getByRole('alert')).getByRole('button', { name: 'Remove' }));
  await screen.findByText('bob was removed');
  expect(find(asked, 'DELETE /api/members/p2')?.headers.get('if-match')).toBe('"3"');
});

test('an invitation for one login is for one person, and its link is shown once', async () => {
  const url = `http://localhost/join/?code=${'A'.repeat(43)}`;
  const asked = open(<Invitations />, {
    'POST /api/invitations': { status: 201, body: { invitation: INVITATION, code: 'A'.repeat(43), url } },
  });
  fireEvent.click(await screen.findByRole('button', { name: 'New invitation' }));
  await screen.findByRole('option', { name: 'gardener' });
  fireEvent.change(screen.getByRole('spinbutton'), { target: { value: '5' } });
  fireEvent.change(screen.getByRole('textbox', { name: 'Only for this GitHub login' }), {
    target: { value: 'frank' },
  });
  fireEvent.change(screen.getByRole('combobox', { name: 'Good for' }), { target: { value: '24' } });
  fireEvent.click(screen.getByRole('button', { name: 'Create invitation' }));
  const link = await screen.findByRole('textbox', { name: 'Link of the invitation' });
  expect(link).toHaveProperty('value', url);
  expect(find(asked, 'POST /api/invitations')?.body).toEqual({
    role: 'member',
    expires_in_hours: 24,
    max_uses: 1,
    login: 'frank',
  });
});

test('an invitation is withdrawn while it is open', async () => {
  const asked = open(<Invitations />, { 'DELETE /api/invitations/i1': { status: 204 } });
  fireEvent.click(await screen.findByRole('button', { name: 'Withdraw' }));
  await waitFor(() => expect(find(asked, 'DELETE /api/invitations/i1')).toBeDefined());
  const now = Date.parse('2026-11-27T00:00:00Z');
  expect(stateOf(INVITATION, now)).toBe('open');
  expect(stateOf({ ...INVITATION, uses: 1 }, now)).toBe('used');
  expect(stateOf({ ...INVITATION, expires_at: AT }, now)).toBe('expired');
  expect(stateOf({ ...INVITATION, revoked_at: AT, uses: 1 }, now)).toBe('withdrawn');
});

test('a role that is built in cannot be changed, and nobody grants what they lack', async () => {
  const asked = open(<Roles />, {
    'PATCH /api/roles/gardener': { body: role('gardener', false, ['tasks.read', 'members.read']) },
  });
  const builtIn = within(await screen.findByRole('group', { name: 'Permissions of member' }));
  for (const box of builtIn.getAllByRole('checkbox')) expect(box).toHaveProperty('disabled', true);
  const own = within(screen.getByRole('group', { name: 'Permissions of gardener' }));
  expect(own.getByRole('checkbox', { name: 'Read the audit trail' })).toHaveProperty('disabled', true);
  fireEvent.click(own.getByRole('checkbox', { name: 'See members and roles' }));
  fireEvent.click(screen.getByRole('button', { name: 'Save' }));
  await waitFor(() =>
    expect(find(asked, 'PATCH /api/roles/gardener')?.body).toEqual({
      permissions: ['tasks.read', 'members.read'],
    }),
  );
});

test('an organization is renamed from its version, and deleted only by its name', async () => {
  const asked = open(<Organization />, {
    'PATCH /api/organizations/o1': { body: { id: 'o1', name: 'Moss', created_at: AT, version: 5 } },
  });
  fireEvent.change(await screen.findByRole('textbox', { name: 'Name' }), { target: { value: ' Moss ' } });
  fireEvent.click(screen.getByRole('button', { name: 'Rename' }));
  await screen.findByText('Organization renamed');
  const sent = find(asked, 'PATCH /api/organizations/o1');
  expect(sent?.body).toEqual({ name: 'Moss' });
  expect(sent?.headers.get('if-match')).toBe('"4"');
  const remove = () => screen.getByRole('button', { name: 'Delete this organization' });
  expect(remove()).toHaveProperty('disabled', true);
  fireEvent.change(screen.getByRole('textbox', { name: 'Type “Garden” to delete it' }), {
    target: { value: 'Garden' },
  });
  expect(remove()).toHaveProperty('disabled', false);
});

test('a deleted organization can be restored as long as that is possible', async () => {
  const deleted = {
    id: 'o2',
    name: 'Old pond',
    role: 'owner',
    joined_at: AT,
    deleted_at: AT,
    restorable_until: '2999-01-01T00:00:00Z',
  };
  const asked = open(<Organization />, {
    'GET /api/organizations': { body: { items: [deleted] } },
    'POST /api/organizations/o2/restore': {
      body: { id: 'o2', name: 'Old pond', created_at: AT, version: 2 },
    },
  });
  fireEvent.click(await screen.findByRole('button', { name: 'Restore' }));
  await screen.findByText('Old pond was restored');
  expect(find(asked, 'POST /api/organizations/o2/restore')).toBeDefined();
});

test('the last owner cannot leave, and is told why', async () => {
  open(<Organization />, { 'POST /api/organizations/o1/leave': problem(409, 'last_owner') });
  fireEvent.click(await screen.findByRole('button', { name: 'Leave this organization' }));
  fireEvent.click(within(screen.getByRole('alert')).getByRole('button', { name: 'Leave this organization' }));
  await screen.findByText(/needs an owner/);
});
