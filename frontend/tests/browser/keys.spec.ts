import { expect, type Page, test } from '@playwright/test';
import { create, row, saved, signIn } from './person';

const keysOf = (page: Page) => page.getByRole('checkbox', { name: 'Single-key shortcuts' });
const active = (page: Page) => page.locator('[data-active=true]');

/** Ends what a key opened; where none is open, Esc closes nothing. */
async function closed(page: Page): Promise<void> {
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
}

test('with single keys off no character does anything, arrows and Ctrl do, and on again it does', async ({
  page,
}) => {
  await signIn(page, 'carol');
  for (const title of ['Oil the hinge', 'Sharpen the shears']) await create(page, title);
  await saved(page);
  await page.goto('/settings/');
  await keysOf(page).uncheck();

  // The setting is of this browser: it survives a load of the page.
  for (const load of ['first', 'second']) {
    await page.goto('/tasks/');
    await expect(row(page, 'Sharpen the shears'), load).toBeVisible();
    const address = page.url();
    await page.keyboard.press('ArrowDown');
    await expect(active(page)).toContainText('Sharpen the shears');
    for (const key of ['c', 'j', '#', '?', 'x', 's', '/', 'v', '[', '1', 'Shift+J', 'Shift+D'])
      await page.keyboard.press(key);
    for (const key of ['g', 'i']) await page.keyboard.press(key);
    // A key that does something comes after them: whatever they did is seen by now.
    await page.keyboard.press('Control+k');
    const palette = page.getByRole('dialog', { name: 'Command palette' });
    await expect(palette).toBeVisible();
    await expect(page.getByRole('dialog')).toHaveCount(1);
    await closed(page);
    await expect(active(page)).toContainText('Sharpen the shears');
    await expect(page.getByRole('row', { selected: true })).toHaveCount(0);
    await expect(row(page, 'Oil the hinge')).toBeVisible();
    expect(page.url()).toBe(address);
    await page.keyboard.press('ArrowDown');
    await expect(active(page)).toContainText('Oil the hinge');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('complementary', { name: 'Task' })).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('complementary', { name: 'Task' })).toHaveCount(0);
  }

  await page.goto('/settings/');
  await expect(keysOf(page)).not.toBeChecked();
  await keysOf(page).check();
  await page.goto('/tasks/');
  await expect(row(page, 'Sharpen the shears')).toBeVisible();
  await page.keyboard.press('j');
  await expect(active(page)).toContainText('Sharpen the shears');
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
  await closed(page);
  await page.keyboard.press('c');
  await expect(page.getByRole('dialog', { name: 'New task' })).toBeVisible();
  await closed(page);
  await page.keyboard.press('#');
  await expect(row(page, 'Sharpen the shears')).toHaveCount(0);
});
