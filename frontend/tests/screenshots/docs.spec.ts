import { expect, type Page, test } from '@playwright/test';
import { live, open, signIn } from '../browser/person';

/** A picture that docs/dashboard.md shows, of the sample organization with which a stage `local` begins. */
async function picture(page: Page, name: string): Promise<void> {
  await live(page);
  await page.waitForLoadState('networkidle');
  await page.screenshot({ path: `../docs/dashboard-${name}.png` });
}

test('the pictures of the documents', async ({ page }) => {
  await page.setViewportSize({ width: 1200, height: 640 });
  await signIn(page, 'alice');
  await page.goto('/tasks/?status=all');
  await open(page, 'Repair the stone lantern by the gate');
  await picture(page, 'tasks');
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
  await page.goto('/tasks/?view=board&sort=rank');
  await expect(
    page
      .getByRole('region', { name: /^To do,/ })
      .locator('[id^=card-]')
      .first(),
  ).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await picture(page, 'dark');
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true });
  test('the picture of a phone', async ({ page }) => {
    await signIn(page, 'alice');
    await expect(page.getByRole('row').first()).toBeVisible();
    await picture(page, 'phone');
  });
});
