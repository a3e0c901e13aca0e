import { expect, type Page, test } from '@playwright/test';
import { keptTitles } from './kept';
import { create, signIn } from './person';

/**
 * Most JavaScript that the list loads before it shows its rows, in bytes, compressed: the 135 kB of the page
 * (units/build-size.test.ts), and frame, list and live updates, which are loaded at the same time.
 */
const MOST = 195_000;

// What the worker has in its cache has no size.
test.use({ serviceWorkers: 'block' });

/** Has each page note when its first row is in the document. */
async function watchContent(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const store = window as typeof window & { contentShown?: number };
    new MutationObserver((_, observer) => {
      if (!document.querySelector('#content [role=row]')) return;
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
      // One that was asked for again and had not changed came without a body: its whole size counts.
      before.map(({ name, encodedBodySize, decodedBodySize }) => [
        new URL(name).pathname,
        encodedBodySize || decodedBodySize,
      ]),
    );
  });
}

test('the list loads at most 195 kB of scripts until its rows are shown', async ({ page }) => {
  await signIn(page, 'walter');
  await create(page, 'Sweep the moss path');
  await page.goto('/tasks/');
  await expect.poll(() => keptTitles(page)).toContain('Sweep the moss path');
  // With the rows of the last visit nothing is loaded while the API is waited for.
  await watchContent(page);
  await page.goto('/tasks/');
  await expect(page.getByRole('row').first()).toBeVisible();
  const loaded = await scripts(page);
  const sizes = Object.values(loaded);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  expect(total, JSON.stringify(loaded)).toBeGreaterThan(100_000);
  expect(total, JSON.stringify(loaded)).toBeLessThanOrEqual(MOST);
});
