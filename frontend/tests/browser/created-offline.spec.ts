import { expect, type Page, test } from '@playwright/test';
import { keptEdits, keptTitles } from './kept';
import { anotherBrowser, choose, create, live, open, row, signIn } from './person';

const badge = (page: Page, text: string | RegExp) =>
  page.getByRole('status').filter({ hasText: text }).first();

/** The requests that create a task. */
function creationsOf(page: Page): string[] {
  const keys: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && new URL(request.url()).pathname === '/api/tasks')
      keys.push(request.headers()['idempotency-key'] ?? '');
  });
  return keys;
}

test('a task that is created and edited without a network survives a reload, and is created once', async ({
  page,
  context,
}) => {
  await signIn(page, 'frank');
  await live(page);
  await create(page, 'Known before the train');
  await expect.poll(() => keptTitles(page)).toContain('Known before the train');
  await page.evaluate(() => navigator.serviceWorker.ready);
  const other = await anotherBrowser(context, 'frank');

  await context.setOffline(true);
  await create(page, 'Made on the train !p1');
  await expect(row(page, 'Made on the train')).toContainText('Not saved yet');
  await expect(badge(page, '1 not saved yet')).toBeVisible();
  await row(page, 'Made on the train')
    .getByRole('button', { name: /^Priority/ })
    .click();
  await choose(page, 'Urgent');
  await open(page, 'Made on the train');
  const description = page.getByRole('textbox', { name: 'Description' });
  await description.fill('Between Uji and Nara.');
  await description.press('Control+Enter');
  await expect.poll(() => keptEdits(page)).toBe(2);

  await page.reload();
  const made = row(page, 'Made on the train');
  await expect(made.getByRole('button', { name: 'Priority: Urgent' })).toBeVisible();
  // The drawer, too: the address names the task by the id that this browser gave it.
  await expect(description).toHaveValue('Between Uji and Nara.');

  const keys = creationsOf(page);
  await context.setOffline(false);
  await expect(badge(page, 'not saved yet')).toHaveCount(0);
  await expect.poll(() => keptEdits(page)).toBe(0);
  await expect(page).toHaveURL(/task=[A-Z]+-\d+/);
  // However often it was tried.
  expect(new Set(keys).size).toBe(1);
  await expect(made).toHaveCount(1);
  await expect(row(other, 'Made on the train')).toHaveCount(1);
  await open(other, 'Made on the train');
  await expect(other.getByRole('textbox', { name: 'Description' })).toHaveValue('Between Uji and Nara.');
  await expect(
    row(other, 'Made on the train').getByRole('button', { name: 'Priority: Urgent' }),
  ).toBeVisible();
  await other.context().close();
});

test('a response that is lost creates no second task', async ({ page }) => {
  await signIn(page, 'frank');
  await live(page);
  const keys = creationsOf(page);
  let isFirst = true;
  await page.route('**/api/tasks', async (route) => {
    if (route.request().method() !== 'POST' || !isFirst) return route.continue();
    isFirst = false;
    // The server gets it, the page never hears of that.
    await route.fetch();
    await route.abort();
  });
  await create(page, 'Asked twice');
  await expect.poll(() => keys.length).toBe(2);
  await expect(badge(page, 'not saved yet')).toHaveCount(0);
  expect(keys[0]).toBe(keys[1]);
  await page.reload();
  await expect(row(page, 'Asked twice')).toHaveCount(1);
});

test('a task that the server refuses is said to be refused, and what was typed is offered again', async ({
  page,
}) => {
  await signIn(page, 'frank');
  await live(page);
  let isRefusing = true;
  await page.route('**/api/tasks', async (route) => {
    if (route.request().method() !== 'POST' || !isRefusing) return route.continue();
    const detail = '`title` is not acceptable.';
    const problem = {
      type: 'about:blank',
      title: 'x',
      status: 422,
      code: 'invalid',
      detail,
      request_id: 'r1',
      errors: [],
    };
    await route.fulfill({
      status: 422,
      contentType: 'application/problem+json',
      body: JSON.stringify(problem),
    });
  });
  await create(page, 'Refused at first !p0');
  const toast = page.getByRole('status').filter({ hasText: 'Not saved: Refused at first !p0' });
  await expect(toast).toContainText('`title` is not acceptable.');
  await expect(row(page, 'Refused at first')).toHaveCount(0);
  await expect(badge(page, 'not saved yet')).toHaveCount(0);
  // It is still refused after a reload, and still not lost.
  await page.reload();
  await expect(toast).toBeVisible();
  isRefusing = false;
  await toast.getByRole('button', { name: 'Try again' }).click();
  const title = page.getByRole('dialog', { name: 'New task' }).getByRole('textbox', { name: 'Title' });
  await expect(title).toHaveValue('Refused at first !p0');
  await title.press('Enter');
  await expect(row(page, 'Refused at first').getByRole('button', { name: 'Priority: Urgent' })).toBeVisible();
  await expect.poll(() => keptEdits(page)).toBe(0);
});

test('a task that is deleted before the network returns is never created, unless that is undone', async ({
  page,
  context,
}) => {
  await signIn(page, 'frank');
  await live(page);
  await page.evaluate(() => navigator.serviceWorker.ready);
  const keys = creationsOf(page);
  await context.setOffline(true);
  await create(page, 'Thought better of it');
  await page.keyboard.press('j');
  await expect(page.locator('[data-active=true]')).toContainText('Thought better of it');
  await page.keyboard.press('#');
  await expect(row(page, 'Thought better of it')).toHaveCount(0);
  await page.getByRole('status').getByRole('button', { name: 'Undo' }).last().click();
  await expect(row(page, 'Thought better of it')).toHaveCount(1);
  await context.setOffline(false);
  await expect(badge(page, 'not saved yet')).toHaveCount(0);
  await page.reload();
  await expect(row(page, 'Thought better of it')).toHaveCount(1);
  expect(keys.length).toBeGreaterThan(0);
});
