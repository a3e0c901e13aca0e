import { readFileSync } from 'node:fs';
import { expect, type Page, test } from '@playwright/test';
import { keptInBrowser } from './kept';
import { create, joinedBy, saved, signIn } from './person';

const ACCOUNT = '/settings/?tab=account';

async function remove(page: Page, login: string): Promise<void> {
  await page.getByRole('textbox', { name: `Type “${login}” to delete the account` }).fill(login);
  await page.getByRole('button', { name: 'Delete my account' }).click();
}

test('an account is exported, deleted by its login, and kept after another sign-in', async ({
  page,
  context,
}) => {
  await signIn(page, 'grace');
  await create(page, 'Pack the tools');
  await saved(page);
  const other = await joinedBy(page, context, 'heidi');

  await page.goto(ACCOUNT);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save my data' }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe('miyabi-grace.ndjson');
  const rows = readFileSync(await file.path(), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line): { table: string; row: { title?: string } } => JSON.parse(line));
  expect(rows.some(({ table, row }) => table === 'tasks' && row.title === 'Pack the tools')).toBe(true);

  // Others would be left without an owner.
  await remove(page, 'grace');
  await expect(
    page.getByRole('alert').filter({ hasText: /the only owner of .+Make another member/ }),
  ).toBeVisible();
  await expect.poll(async () => (await keptInBrowser(page)).length).toBeGreaterThan(0);
  await other.goto('/settings/?tab=organization');
  await other.getByRole('button', { name: 'Leave this organization' }).click();
  await other.getByRole('alert').getByRole('button', { name: 'Leave this organization' }).click();
  await other.waitForURL(/\/tasks\//);
  await other.context().close();

  await remove(page, 'grace');
  await page.waitForURL(/\/login\//);
  await expect.poll(() => keptInBrowser(page)).toEqual([]);

  await signIn(page, 'grace');
  await page.goto(ACCOUNT);
  await expect(page.getByRole('alert').filter({ hasText: 'This account will be deleted on' })).toBeVisible();
  await page.getByRole('button', { name: 'Keep my account' }).click();
  await expect(page.getByText('Your account is kept')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Delete my account' })).toBeVisible();
});
