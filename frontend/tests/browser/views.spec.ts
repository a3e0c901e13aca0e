import { expect, test } from '@playwright/test';
import { create, row, signIn } from './person';

test('a list is saved as a view, opened by its key, changed and deleted', async ({ page }) => {
  await signIn(page, 'carol');
  await create(page, 'Sharpen the shears !p0');
  await create(page, 'Sort the seeds !p3');
  await page.getByRole('combobox', { name: 'Priority' }).selectOption('p0');
  await expect(row(page, 'Sort the seeds')).toBeHidden();
  await page.getByRole('button', { name: 'Views' }).click();
  const dialog = page.getByRole('dialog', { name: 'Views' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Urgent things');
  await dialog.getByRole('button', { name: 'Save view' }).click();
  await expect(dialog).toBeHidden();
  const entry = page.getByRole('region', { name: 'Views' }).getByRole('link', { name: /^Urgent things/ });
  await expect(entry).toHaveAttribute('aria-current', 'page');

  await page.goto('/dashboard/');
  await expect(entry).toBeVisible();
  await page.keyboard.press('1');
  await expect(page).toHaveURL(/priority=p0/);
  await expect(row(page, 'Sharpen the shears')).toBeVisible();
  await expect(row(page, 'Sort the seeds')).toBeHidden();

  // The same view as a board.
  await page.getByRole('button', { name: 'Board', exact: true }).click();
  await page.getByRole('button', { name: 'Views' }).click();
  await dialog.getByRole('combobox', { name: 'Save as' }).selectOption({ label: 'Urgent things' });
  await dialog.getByRole('button', { name: 'Save view' }).click();
  await expect(dialog).toBeHidden();
  await page.goto('/tasks/');
  await expect(entry).toBeVisible();
  await entry.click();
  await expect(page.getByRole('region', { name: /^To do/ }).getByText('Sharpen the shears')).toBeVisible();

  await page.getByRole('button', { name: 'Views' }).click();
  await dialog.getByRole('button', { name: 'Delete the view Urgent things' }).click();
  await expect(entry).toHaveCount(0);
});
