import { expect, type Page, test } from '@playwright/test';
import { create, signIn } from './person';

/** Most JavaScript that a page loads before it shows its content, in bytes, compressed. */
const MOST = 135_000;

// What the worker has in its cache has no size.
test.use({ serviceWorkers: 'block' });

/** Has each page note when it first shows its content and nothing that stands for it. */
async function watchContent(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const store = window as typeof window & { contentShown?: number };
    new MutationObserver((_, observer) => {
      const content = document.getElementById('content');
      if (!content?.querySelector('h1') || content.querySelector('.delayed')) return;
      observer.disconnect();
      store.contentShown = performance.now();
    }).observe(document, { childList: true, subtree: true });
  });
}

/** The scripts that were asked for until then, by address, with their compressed sizes. */
async function scripts(page: Page): Promise<Record<string, number>> {
  await page.waitForFunction(() => 'contentShown' in window);
  return page.evaluate(() => {
    const { contentShown = 0 } = window as typeof window & { contentShown?: number };
    const all = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
    const before = all.filter(
      ({ name, startTime }) => name.endsWith('.js') && !name.includes('/inline/') && startTime < contentShown,
    );
    return Object.fromEntries(
      before.map(({ name, encodedBodySize }) => [new URL(name).pathname, encodedBodySize]),
    );
  });
}

test('a page loads at most 135 kB of scripts until its content is shown', async ({ page }) => {
  await signIn(page, 'sora');
  await create(page, 'Sweep the moss path');
  await watchContent(page);
  for (const path of ['/tasks/', '/dashboard/', '/inbox/', '/activity/', '/trash/', '/settings/']) {
    await page.goto(path);
    const loaded = await scripts(page);
    const sizes = Object.values(loaded);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    test.info().annotations.push({ type: path, description: `${total} B in ${sizes.length} scripts` });
    // A cached script without a size would count as nothing.
    expect(Math.min(...sizes), JSON.stringify(loaded)).toBeGreaterThan(0);
    expect(total, `${path} ${JSON.stringify(loaded)}`).toBeGreaterThan(50_000);
    expect(total, `${path} ${JSON.stringify(loaded)}`).toBeLessThanOrEqual(MOST);
  }
});
