import { expect, test } from '@playwright/test';
import { signIn } from './person';

test('the last owner is told why they cannot leave or be another role', async ({ page }) => {
  await signIn(page, 'walter');
  await page.goto('/settings/?tab=organization');
  await page.getByRole('button', { name: 'Leave this organization' }).click();
  await page.getByRole('alert').getByRole('button', { name: 'Leave this organization' }).click();
  await expect(page.getByText(/An organization needs an owner/)).toBeVisible();
  await page.goto('/settings/?tab=members');
  await page.getByRole('combobox', { name: /^Role of/ }).selectOption('member');
  await expect(page.getByText(/An organization needs an owner/)).toBeVisible();
  await expect(page.getByRole('combobox', { name: /^Role of/ })).toHaveValue('owner');
});

test('an organization is created, renamed, deleted and restored', async ({ page }) => {
  await signIn(page, 'walter');
  await page.goto('/settings/?tab=organization');
  await page.getByRole('textbox', { name: 'Name of the new organization' }).fill('Second pond');
  await page.getByRole('button', { name: 'New organization' }).click();
  await page.waitForURL(/\/tasks\//);
  await expect(page.getByRole('combobox', { name: 'Organization' })).toBeVisible();
  await page.goto('/settings/?tab=organization');
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Deep pond');
  await page.getByRole('button', { name: 'Rename' }).click();
  await expect(page.getByText('Organization renamed')).toBeVisible();
  await page.getByRole('textbox', { name: 'Type “Deep pond” to delete it' }).fill('Deep pond');
  await page.getByRole('button', { name: 'Delete this organization' }).click();
  await page.waitForURL(/\/tasks\//);
  await page.goto('/settings/?tab=organization');
  await page.getByRole('button', { name: 'Restore' }).click();
  await expect(page.getByText('Deep pond was restored')).toBeVisible();
});

test('a role of one’s own is created, changed and deleted', async ({ page }) => {
  await signIn(page, 'walter');
  await page.goto('/settings/?tab=roles');
  await page.getByRole('button', { name: 'New role' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('gardener');
  await page.getByRole('button', { name: 'Create role' }).click();
  const role = page.getByRole('listitem').filter({ hasText: 'gardener' });
  await role.getByRole('checkbox', { name: 'Assign tasks' }).check();
  await role.getByRole('button', { name: 'Save' }).click();
  await page.reload();
  await expect(role.getByRole('checkbox', { name: 'Assign tasks' })).toBeChecked();
  await role.getByRole('button', { name: 'Delete' }).click();
  await expect(role).toHaveCount(0);
});
