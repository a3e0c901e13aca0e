import { expect, test } from '@playwright/test';
import { choose, create, open, row, saved, signIn } from './person';

test('projects are created, ordered, used to filter, and archived', async ({ page }) => {
  await signIn(page, 'bob');
  await page.goto('/settings/?tab=projects');
  for (const name of ['Pond', 'Moss garden']) {
    await page.getByRole('button', { name: 'New project' }).click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name);
    await page.getByRole('button', { name: 'Create project' }).click();
    await expect(page.getByRole('textbox', { name: `Name of ${name}` })).toBeVisible();
  }
  await page.getByRole('button', { name: 'Move Moss garden up' }).click();
  const names = page.getByRole('textbox', { name: /^Name of/ });
  await expect(names.first()).toHaveValue('Moss garden');
  await names.first().fill('Moss');
  await names.first().press('Enter');
  await expect(page.getByRole('textbox', { name: 'Name of Moss', exact: true })).toBeVisible();
  await page.reload();
  await expect(names.first()).toHaveValue('Moss');

  // M moves the active task, and the drawer shows where it is.
  await page.goto('/tasks/');
  await create(page, 'Weed the moss');
  await create(page, 'Feed the koi');
  for (const title of ['Weed the moss', 'Feed the koi']) await expect(row(page, title)).toBeVisible();
  await saved(page);
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('m');
  await choose(page, 'Moss');
  await open(page, 'Weed the moss');
  const drawer = page.getByRole('complementary', { name: 'Task' });
  await expect(drawer.getByRole('button', { name: /^Project/ })).toContainText('Moss');
  await drawer.getByRole('button', { name: 'Close the task' }).click();
  await page.getByRole('combobox', { name: 'Project' }).selectOption({ label: 'Moss' });
  await expect(page).toHaveURL(/project=[0-9a-f-]{36}/);
  await expect(page.getByRole('row')).toHaveCount(1);
  await expect(row(page, 'Weed the moss')).toBeVisible();
  // What leaves the project leaves the list.
  await open(page, 'Weed the moss');
  await drawer.getByRole('button', { name: /^Project/ }).click();
  await choose(page, 'No project');
  await expect(row(page, 'Weed the moss')).toBeHidden();
  await page.keyboard.press('Control+z');
  await expect(row(page, 'Weed the moss')).toBeVisible();

  await page.goto('/settings/?tab=projects');
  await page
    .getByRole('listitem')
    .filter({ has: page.getByRole('textbox', { name: 'Name of Pond' }) })
    .getByRole('button', { name: 'Archive' })
    .click();
  await expect(page.getByRole('heading', { name: 'Archived' })).toBeVisible();
});
