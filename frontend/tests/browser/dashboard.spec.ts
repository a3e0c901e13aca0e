import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { choose, create, row, saved, signIn } from './person';

for (const theme of ['light', 'dark'] as const) {
  test(`the charts show what was done today, and their numbers as a table, ${theme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await signIn(page, 'walter');
    await create(page, `Paint the fence, ${theme}`);
    await expect(row(page, `Paint the fence, ${theme}`)).toBeVisible();
    await saved(page);
    for (const status of ['In progress', 'Done']) {
      await row(page, `Paint the fence, ${theme}`)
        .getByRole('button', { name: /^Status/ })
        .click();
      await choose(page, status);
      // Edits that are made while another one is sent become one: it would never have been in progress.
      await saved(page);
    }
    await page.goto('/dashboard/');
    await expect(
      page.getByRole('img', { name: /^Throughput\. \d+ created, [1-9]\d* done\.$/ }),
    ).toBeVisible();
    await expect(page.getByRole('img', { name: /^Cycle time\./ })).toBeVisible();
    await page.getByText('As a table').click();
    const today = page.getByRole('table').getByRole('row').nth(1);
    // Day, created, done, and both times of the cycle.
    await expect(today.getByRole('cell').nth(1)).not.toHaveText('0');
    await expect(today.getByRole('cell').nth(2)).toHaveText(/min|hr/);
    for (const width of [360, 1440]) {
      await page.setViewportSize({ width, height: 800 });
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
      const isWide = await page.evaluate(
        () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
      );
      expect(isWide, `${width} px`).toBe(false);
    }
  });
}
