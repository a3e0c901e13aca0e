import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { failOnErrors } from './person';

/** The operators' page of the stage on this machine, which the deployer serves: /_ops. */
for (const theme of ['light', 'dark'] as const) {
  test(`the graphs of the local metrics are drawn and accessible, ${theme}`, async ({ page, request }) => {
    const errors = failOnErrors(page);
    const asked: string[] = [];
    page.on('request', (sent) => asked.push(new URL(sent.url()).origin));
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await request.get('/api/health');
    const response = await page.goto('/_ops');
    expect(response?.headers()['content-security-policy']).toContain("default-src 'none'");
    await expect(page.getByText('Metrics of this machine, not of CloudWatch')).toBeVisible();

    // A data point is drawn when its period of ten seconds is over, by the page itself.
    const requests = page.getByRole('figure', { name: 'Requests', exact: true });
    await expect(requests.locator('path.l0').first()).toBeAttached({ timeout: 40_000 });
    const connections = page.getByRole('figure', { name: 'Database: connections' });
    await expect(connections.getByRole('img', { name: 'Database: connections' })).toBeVisible();

    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(background).toBe(theme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(11, 17, 32)');
    for (const width of [360, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
      const isWide = await page.evaluate(
        () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
      );
      expect(isWide, `${width} px`).toBe(false);
    }
    await page.getByRole('link', { name: '60 minutes' }).click();
    await expect(page.getByRole('link', { name: '60 minutes' })).toHaveAttribute('aria-current', 'page');
    expect(new Set(asked)).toEqual(new Set([new URL(page.url()).origin]));
    expect(errors).toEqual([]);
  });
}
