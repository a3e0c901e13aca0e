import { expect, type Page, test } from '@playwright/test';
import { create, open, row, signIn } from './person';

/** The titles that the browser keeps; null when it keeps nothing. */
function keptTitles(page: Page): Promise<string[] | null> {
  return page.evaluate(
    () =>
      new Promise<string[] | null>((resolve, reject) => {
        const opening = indexedDB.open('keyval-store');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const database = opening.result;
          if (!database.objectStoreNames.contains('keyval')) return resolve(null);
          const reading = database.transaction('keyval').objectStore('keyval').get('snapshot');
          reading.onsuccess = () =>
            resolve(reading.result?.tasks.map((task: { title: string }) => task.title) ?? null);
          reading.onerror = () => reject(reading.error);
        };
      }),
  );
}

test('what was read opens without a network, and is gone after the sign-out', async ({ page, context }) => {
  await signIn(page, 'frank');
  await create(page, 'Read me on the train');
  await open(page, 'Read me on the train');
  const description = page.getByRole('textbox', { name: 'Description' });
  await description.fill('Between Uji and Nara.');
  await description.press('Control+Enter');
  await expect(page.getByText('Not saved yet')).toHaveCount(0);
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
  await expect.poll(() => keptTitles(page)).toBeNull();
  // The pages are public; what they showed is not.
  await context.setOffline(true);
  await page.goto('/tasks/');
  await page.waitForURL(/\/login\//);
});
