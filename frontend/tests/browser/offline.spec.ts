import { expect, test } from '@playwright/test';
import { keptInBrowser, keptTitles } from './kept';
import { anotherBrowser, create, open, row, saved, signIn } from './person';

test('what was read opens without a network, and is gone after the sign-out', async ({ page, context }) => {
  await signIn(page, 'frank');
  await expect(page.getByRole('status').filter({ hasText: /^Live/ })).toBeVisible();
  await create(page, 'Read me on the train');
  await open(page, 'Read me on the train');
  const description = page.getByRole('textbox', { name: 'Description' });
  await description.fill('Between Uji and Nara.');
  await description.press('Control+Enter');
  await saved(page);
  await page.getByRole('button', { name: 'Close the task' }).click();
  await expect.poll(() => keptTitles(page)).toContain('Read me on the train');
  await page.evaluate(() => navigator.serviceWorker.ready);

  await context.setOffline(true);
  await page.reload();
  await expect(row(page, 'Read me on the train')).toBeVisible();
  await open(page, 'Read me on the train');
  await expect(description).toHaveValue('Between Uji and Nara.');
  await context.setOffline(false);
  await expect(page.getByRole('status').filter({ hasText: /^Live/ })).toBeVisible();

  await page.goto('/settings/');
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.waitForURL(/\/login\//);
  await expect.poll(() => keptInBrowser(page)).toEqual([]);
  // The pages are public; what they showed is not.
  await context.setOffline(true);
  await page.goto('/tasks/');
  await page.waitForURL(/\/login\//);
});

test('the first rows of the next visit do not wait for the API', async ({ page }) => {
  await signIn(page, 'frank');
  await expect(page.getByRole('status').filter({ hasText: /^Live/ })).toBeVisible();
  await create(page, 'Was here before');
  await expect.poll(() => keptTitles(page)).toContain('Was here before');
  const held: (() => void)[] = [];
  let isHeld = true;
  await page.route('/api/**', async (route) => {
    if (isHeld) await new Promise<void>((resolve) => held.push(resolve));
    await route.continue();
  });
  await page.reload();
  await expect(row(page, 'Was here before')).toBeVisible();
  expect(held.length).toBeGreaterThan(0);
  isHeld = false;
  for (const answer of held) answer();
  await expect(page.getByRole('status').filter({ hasText: /^Live/ })).toBeVisible();
  await expect(row(page, 'Was here before')).toBeVisible();
});

test('a session that was ended elsewhere leaves nothing in this browser', async ({ page, context }) => {
  await signIn(page, 'frank');
  await create(page, 'Only while the session lives');
  await expect.poll(() => keptTitles(page)).toContain('Only while the session lives');
  await page.goto('about:blank');
  const other = await anotherBrowser(context, 'frank');
  await other.goto('/settings/');
  await other.getByRole('button', { name: 'Sign out everywhere' }).click();
  await other.waitForURL(/\/login\//);
  // What was kept is covered and deleted as soon as the server refuses the session.
  await page.goto('/tasks/');
  await page.waitForURL(/\/login\//);
  await expect.poll(() => keptInBrowser(page)).toEqual([]);
  await other.context().close();
});
