import { expect, test } from '@playwright/test';
import { choose, create, open, row, signIn } from '../browser/person';

const PAGES: Record<string, string> = {
  home: '/',
  login: '/login/',
  callback: '/auth/callback/?error=bad_state&request_id=JKJaXmPLvHcESHA',
  tasks: '/tasks/?status=all',
  board: '/tasks/?view=board',
  dashboard: '/dashboard/',
  activity: '/activity/',
  trash: '/trash/',
  settings: '/settings/',
  missing: '/does-not-exist/',
};

const TASKS = [
  'Rake the gravel in the dry garden !p1 @me ^tomorrow',
  '紅葉の剪定 !p0 @me ^2026-11-20',
  'Order new bamboo rakes !p3',
  '苔の水やり当番を決める !p2 @me ^fri',
  'Repair the stone lantern by the gate !p1 ^mon',
  'Write the guide for visitors in two languages !p2',
  'Feed the koi !p2 @me ^today',
  '冬囲いの縄を注文する !p3',
];

test('pictures of every page', async ({ page }) => {
  test.setTimeout(300_000);
  await signIn(page, 'alice');
  const isSeeded = await row(page, 'Feed the koi').first().isVisible();
  if (!isSeeded) {
    for (const line of TASKS) await create(page, line);
    await page.keyboard.press('j');
    await page.keyboard.press('l');
    await choose(page, 'garden');
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('s');
    await choose(page, 'In pro');
    await page.keyboard.press('j');
    await page.keyboard.press('Shift+D');
    await expect(page.getByText('Not saved yet')).toHaveCount(0);
  }
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
      await open(page, 'Feed the koi');
      await shot('drawer');
      await page.goto('/tasks/?status=all');
      await expect(row(page, 'Feed the koi')).toBeVisible();
      await page.keyboard.press('Control+k');
      await expect(page.getByRole('dialog')).toBeVisible();
      await shot('palette');
    }
  }
});
