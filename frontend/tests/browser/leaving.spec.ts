import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { keptEdits, keptInBrowser } from './kept';
import { choose, create, row, saved, signIn } from './person';

/** Changes of tasks get no response, as behind a connection that lost the API; everything else does. */
const CHANGES = (url: URL) => url.pathname.startsWith('/api/tasks');

async function loseChanges(context: BrowserContext): Promise<void> {
  await context.route(CHANGES, (route) =>
    ['POST', 'PATCH'].includes(route.request().method()) ? route.abort() : route.continue(),
  );
}

async function prioritise(page: Page, title: string): Promise<void> {
  await row(page, title)
    .getByRole('button', { name: /^Priority/ })
    .click();
  await choose(page, 'Urgent');
}

async function signOut(page: Page): Promise<void> {
  await page.goto('/settings/');
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
}

test('a sign-out asks before it loses what cannot be saved', async ({ page, context }) => {
  await signIn(page, 'judy');
  await create(page, 'Water the ferns');
  await saved(page);
  await loseChanges(context);
  await prioritise(page, 'Water the ferns');
  await create(page, 'Never sent');
  await expect.poll(() => keptEdits(page)).toBe(2);

  await signOut(page);
  const dialog = page.getByRole('dialog', { name: '2 tasks have unsaved changes' });
  await dialog.getByRole('button', { name: 'Stay signed in' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
  expect(await keptEdits(page)).toBe(2);

  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await dialog.getByRole('button', { name: 'Sign out and lose 2 changes' }).click();
  await page.waitForURL(/\/login\//);
  await expect.poll(() => keptInBrowser(page)).toEqual([]);

  await context.unroute(CHANGES);
  await signIn(page, 'judy');
  await expect(row(page, 'Water the ferns')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Priority: Urgent' })).toHaveCount(0);
  await expect(row(page, 'Never sent')).toHaveCount(0);
});

test('a sign-out waits for what can be saved after all, and loses nothing', async ({ page, context }) => {
  await signIn(page, 'judy');
  await create(page, 'Oil the shears');
  await saved(page);
  await loseChanges(context);
  await prioritise(page, 'Oil the shears');
  await expect.poll(() => keptEdits(page)).toBe(1);
  await signOut(page);
  await expect(page.getByRole('dialog', { name: '1 task has unsaved changes' })).toBeVisible();
  await context.unroute(CHANGES);
  await page.waitForURL(/\/login\//);
  await signIn(page, 'judy');
  await expect(row(page, 'Oil the shears').getByRole('button', { name: 'Priority: Urgent' })).toBeVisible();
});
