import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { OPEN, SIGNED_IN, wideElements } from './every-page';
import { create, failOnErrors, signIn } from './person';

const WIDTHS = [360, 1440];

for (const theme of ['light', 'dark'] as const) {
  test(`every page is accessible and fits its width, ${theme}`, async ({ page }) => {
    const errors = failOnErrors(page);
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await signIn(page, 'alice');
    await create(
      page,
      'Rake the gravel in the dry garden, from the gate to the old stone lantern !p1 @me ^2026-01-01',
    );
    for (const path of [...SIGNED_IN, ...OPEN]) {
      await page.goto(path);
      await expect(page.locator('h1').first()).toBeAttached();
      await expect(page.getByRole('status', { name: 'Loading' })).toHaveCount(0);
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 800 });
        const { violations } = await new AxeBuilder({ page }).analyze();
        const found = violations.map(
          ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join('\n')}`,
        );
        expect(found, `${path} at ${width} px, ${theme}`).toEqual([]);
        expect(await page.evaluate(wideElements), `${path} at ${width} px`).toEqual([]);
      }
    }
    expect(errors).toEqual([]);
  });
}

test('a phone has everything: the bar, a task as a page of its own, and the way back', async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await signIn(page, 'carol');
  await expect(page.getByRole('banner').getByRole('status').filter({ hasText: /^Live/ })).toBeAttached();
  await page.getByRole('button', { name: 'New task' }).first().click();
  await page.getByRole('textbox', { name: 'Title' }).fill('Sweep the path');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Sweep the path', exact: true }).click();
  const drawer = page.getByRole('complementary', { name: 'Task' });
  await expect(drawer.getByRole('textbox', { name: 'Description' })).toBeVisible();
  await expect(page.getByRole('grid')).toBeHidden();
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);
  await drawer.getByRole('button', { name: 'Close the task' }).click();
  await expect(page.getByRole('grid')).toBeVisible();
  await page.getByRole('banner').getByRole('link', { name: 'Trash' }).click();
  await expect(page.getByRole('heading', { name: 'Trash' })).toBeVisible();
});
