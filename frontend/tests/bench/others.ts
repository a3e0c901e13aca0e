import { expect, type Page } from '@playwright/test';
import { keptSnapshot } from '../browser/kept';
import { live } from '../browser/person';
import { countShown, percentile, type Series, watchCount } from './probe';
import { request } from './seed';
import { figure, settled, shownCount, some, TASKS } from './stage';

/** From the key in one browser to the row of another. */
export async function others(page: Page, other: Page): Promise<void> {
  await settled(other);
  await live(other);
  const took: Series = [];
  const labels = ['Priority: Urgent', 'Priority: High'];
  await page.goto('/tasks/');
  await shownCount(page, TASKS);
  const id = await page.getByRole('row').first().getAttribute('id');
  for (let round = 0; round < some(30); round += 1) {
    const label = labels[round % 2] ?? '';
    const seen = other.evaluate(
      ([id, label]) =>
        new Promise<number>((resolve) => {
          // The frame that shows it: the change is in the document before it is painted.
          new MutationObserver((_, observer) => {
            if (!document.querySelector(`[id="${id}"] [aria-label="${label}"]`)) return;
            observer.disconnect();
            requestAnimationFrame(() => resolve(Date.now()));
          }).observe(document, { attributes: true, childList: true, subtree: true });
        }),
      [id, label] as const,
    );
    await page
      .locator(`[id="${id}"]`)
      .getByRole('button', { name: /^Priority/ })
      .click();
    await page.getByRole('dialog').getByRole('combobox').fill(label.slice('Priority: '.length));
    const began = page.evaluate(
      () =>
        new Promise<number>((resolve) =>
          addEventListener('keydown', () => resolve(Date.now()), { once: true, capture: true }),
        ),
    );
    await page.evaluate(() => {});
    await page.keyboard.press('Enter');
    took.push((await seen) - (await began));
    await expect(page.getByText('Not saved yet')).toHaveCount(0);
  }
  figure('edit of another browser, p50', percentile(took, 50), ' ms', 120, `n = ${took.length}`);
  figure('edit of another browser, p95', percentile(took, 95), ' ms', 300, `n = ${took.length}`);
  await other.context().close();
}

/** What the list says of each of the tasks that the address names, by the API. */
async function versions(page: Page, path: string): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const next: string = cursor && `&cursor=${encodeURIComponent(cursor)}`;
    const answer = (await request(page, 'GET', `${path}&limit=100${next}`)) as {
      items: { id: string; version: number }[];
      next_cursor?: string | null;
    };
    found.push(...answer.items.map(({ id, version }) => `${id} ${version}`));
    cursor = answer.next_cursor ?? null;
  }
  return found.sort();
}

/** Away while 500 tasks change: from the navigation to a list that is exact again, the median of some rounds. */
export async function back(page: Page): Promise<void> {
  const count = Math.min(500, TASKS / 10);
  const rounds = 3;
  const took: Series = [];
  for (let round = 0; round < rounds; round += 1) {
    await settled(page);
    // A page that has nothing of the dashboard, and is not told of what happens.
    await page.goto('/join/');
    await change(page, count);
    const urgent = (await request(page, 'GET', '/api/tasks/stats')) as { open_by_priority: { p0: number } };
    const away = await page.context().newPage();
    await watchCount(away, `${urgent.open_by_priority.p0} tasks`);
    await away.goto('/tasks/?priority=p0');
    took.push(await countShown(away));
    await expect.poll(async () => keptVersions(away)).toEqual(await versions(page, URGENT));
    await away.close();
  }
  const note = `from the navigation, median of ${rounds}; each task and version compared with the API`;
  figure(`back after ${count} changes: exact`, percentile(took, 50), ' ms', 1_000, note);
}

const URGENT = '/api/tasks?status=pending,in_progress&priority=p0';

/** The tasks and versions that the browser keeps of the same. */
async function keptVersions(page: Page): Promise<string[]> {
  const kept = (await keptSnapshot(page))?.tasks ?? [];
  const urgent = kept.filter(
    ({ priority, status }) => priority === 'p0' && ['pending', 'in_progress'].includes(status),
  );
  return urgent.map(({ id, version }) => `${id} ${version}`).sort();
}

/** Makes some tasks urgent that are not. */
async function change(page: Page, count: number): Promise<void> {
  for (let changed = 0; changed < count; ) {
    const path = '/api/tasks?status=pending,in_progress&priority=p1,p2,p3&limit=100';
    const answer = (await request(page, 'GET', path)) as { items: { id: string; version: number }[] };
    const items = answer.items.slice(0, count - changed);
    const change = { priority: 'p0' };
    await request(page, 'POST', '/api/tasks/bulk', {
      items: items.map(({ id, version }) => ({ id, version, change })),
    });
    changed += items.length;
  }
}
