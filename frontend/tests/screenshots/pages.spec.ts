import { expect, test } from '@playwright/test';
import { open, row, signIn } from '../browser/person';

const PAGES: Record<string, string> = {
  home: '/',
  login: '/login/',
  callback: '/auth/callback/?error=bad_state&request_id=JKJaXmPLvHcESHA',
  tasks: '/tasks/?status=all',
  board: '/tasks/?view=board',
  inbox: '/inbox/',
  projects: '/settings/?tab=projects',
  tokens: '/settings/?tab=tokens',
  dashboard: '/dashboard/',
  activity: '/activity/',
  trash: '/trash/',
  settings: '/settings/',
  missing: '/does-not-exist/',
};

// A task of the sample organization, with which a stage `local` begins.
const OPENED = 'Feed the koi and measure the temperature of the water';

test('pictures of every page', async ({ page }) => {
  test.setTimeout(300_000);
  await signIn(page, 'alice');
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    for (const width of [360, 1440]) {
      await page.setViewportSize({ width, height: width === 360 ? 740 : 900 });
      const shot = (name: string) =>
        page.screenshot({ path: `test-results/shots/${name}-${theme}-${width}.png` });
      for (const [name, path] of Object.entries(PAGES)) {
        await page.goto(path);
        await expect(page.locator('h1').first()).toBeAttached();
        await expect(page.getByRole('status', { name: 'Loading' })).toHaveCount(0);
        await page.waitForLoadState('networkidle');
        await shot(name);
      }
      await page.goto('/tasks/?status=all');
      await open(page, OPENED);
      await shot('drawer');
      await page.goto('/tasks/?status=all');
      await expect(row(page, OPENED)).toBeVisible();
      await page.keyboard.press('Control+k');
      await expect(page.getByRole('dialog')).toBeVisible();
      await shot('palette');
    }
  }
});
