import { expect, test } from '@playwright/test';
import { choose, create, open, row, signIn } from './person';

test('a task has a number: in the list, the board, the address, the palette and the clipboard', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await signIn(page, 'dave');
  await create(page, 'Oil the gate');
  await create(page, 'Lift the stones');
  // The server gives the number: a row that is not saved yet has none.
  const number = /[A-Z]{2,5}-\d+/;
  await expect(row(page, 'Oil the gate')).toContainText(number);
  const key = number.exec((await row(page, 'Oil the gate').textContent()) ?? '')?.[0] ?? '';

  await open(page, 'Oil the gate');
  await expect(page).toHaveURL(new RegExp(`task=${key}$`));
  const title = page.getByRole('textbox', { name: 'Title' });
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await page.getByRole('button', { name: `Copy the number: ${key}` }).click();
  await expect.poll(copied).toBe(key);
  await page.keyboard.press('Escape');

  // A link with a number opens the task, whatever the list shows, in small letters as well.
  await page.goto(`/tasks/?status=failed&task=${key.toLowerCase()}`);
  await expect(title).toHaveValue('Oil the gate');
  await page.goto(`/tasks/?task=${key.replace(/\d+$/, '99999')}`);
  await expect(page.getByText(/This task does not exist/)).toBeVisible();
  await page.goto('/tasks/?task=nonsense');
  await expect(page.getByText(/This task does not exist/)).toBeVisible();

  await page.goto('/tasks/');
  await expect(row(page, 'Oil the gate')).toBeVisible();
  await page.keyboard.press('/');
  await page.keyboard.type(key);
  await expect(page.getByRole('row')).toHaveCount(1);
  await expect(row(page, 'Oil the gate')).toBeVisible();
  await page.keyboard.press('Enter');
  await page.keyboard.press('j');
  await page.evaluate(() => navigator.clipboard.writeText(''));
  await page.keyboard.press('Control+.');
  await expect.poll(copied).toBe(key);

  // From a page that has loaded no task.
  await page.goto('/settings/');
  await expect(page.getByRole('heading', { name: 'Keyboard' })).toBeVisible();
  await page.keyboard.press('Control+k');
  await choose(page, key);
  await expect(title).toHaveValue('Oil the gate');
  await page.getByRole('button', { name: 'Close the task' }).click();
  await page.getByRole('button', { name: 'Board', exact: true }).click();
  await expect(page.getByRole('region', { name: /^To do/ }).getByText(key, { exact: true })).toBeVisible();
});
