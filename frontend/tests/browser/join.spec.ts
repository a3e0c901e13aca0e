import { expect, test } from '@playwright/test';
import { anotherBrowser, signIn } from './person';

test('an invitation keeps its link through the sign-in and opens the organization', async ({
  page,
  context,
}) => {
  await signIn(page, 'alice');
  await page.goto('/settings/?tab=invitations');
  await page.getByRole('button', { name: 'New invitation' }).click();
  await page.getByRole('textbox', { name: 'Only for this GitHub login' }).fill('frank');
  await page.getByRole('button', { name: 'Create invitation' }).click();
  const link = await page.getByRole('textbox', { name: 'Link of the invitation' }).inputValue();
  expect(link).toMatch(/\/join\/\?code=[A-Za-z0-9_-]{43}$/);

  // Somebody else has the link.
  const other = await anotherBrowser(context, 'bob');
  await other.goto(link);
  await expect(other.getByRole('alert').filter({ hasText: 'frank' })).toBeVisible();

  // Signs in with the login that was meant, and comes back to the invitation.
  await other.getByRole('button', { name: 'Sign in as frank' }).click();
  await other.waitForURL(/\/join\/\?code=/);
  await other.getByRole('button', { name: /^Join / }).click();
  await other.waitForURL(/\/tasks\//);
  await other.goto(link);
  await expect(other.getByRole('heading', { name: 'You are a member already' })).toBeVisible();

  // It was for one person, and is used up.
  await page.goto('/settings/?tab=members');
  await expect(page.getByRole('combobox', { name: /^Role of .*frank/i })).toHaveValue('member');
  await page.goto('/settings/?tab=invitations');
  await expect(page.getByText('Used up')).toBeVisible();

  // Whoever is removed sees the organization no longer, without a reload by hand.
  await other.goto('/tasks/');
  await expect(other.getByRole('combobox', { name: 'Organization' })).toBeVisible();
  await expect(other.getByRole('status').filter({ hasText: /^Live/ })).toBeVisible();
  await page.goto('/settings/?tab=members');
  await page
    .getByRole('listitem')
    .filter({ hasText: 'frank' })
    .getByRole('button', { name: 'Remove' })
    .click();
  await page.getByRole('alert').getByRole('button', { name: 'Remove' }).click();
  await expect(other.getByRole('combobox', { name: 'Organization' })).toHaveCount(0);
  await other.context().close();
});

test('an invitation that was withdrawn is said to be', async ({ page, context }) => {
  await signIn(page, 'alice');
  await page.goto('/settings/?tab=invitations');
  await page.getByRole('button', { name: 'New invitation' }).click();
  await page.getByRole('button', { name: 'Create invitation' }).click();
  const link = await page.getByRole('textbox', { name: 'Link of the invitation' }).inputValue();
  await page.reload();
  await page.getByRole('button', { name: 'Withdraw' }).first().click();
  const other = await anotherBrowser(context, 'bob');
  await other.goto(link);
  await expect(other.getByRole('heading', { name: 'This invitation was withdrawn' })).toBeVisible();
  await other.context().close();
});

test('a link that is no invitation is explained', async ({ page }) => {
  await signIn(page, 'alice');
  await page.goto(`/join/?code=${'A'.repeat(43)}`);
  await expect(page.getByRole('heading', { name: 'This is not an invitation' })).toBeVisible();
});
