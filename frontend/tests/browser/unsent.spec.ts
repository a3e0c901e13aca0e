import { expect, type Page, test } from '@playwright/test';
import { keptEdits, keptTitles } from './kept';
import { anotherBrowser, choose, create, open, row, saved, signIn } from './person';

const badge = (page: Page, text: string | RegExp) =>
  page.getByRole('status').filter({ hasText: text }).first();

async function prioritise(page: Page, title: string, to: string): Promise<void> {
  await row(page, title)
    .getByRole('button', { name: /^Priority/ })
    .click();
  await choose(page, to);
}

test('edits without a network are counted, survive a reload, and are sent when it returns', async ({
  page,
  context,
}) => {
  await signIn(page, 'mallory');
  await expect(badge(page, 'Live')).toBeVisible();
  for (const title of ['Lift the stone', 'Turn the stone', 'Set the stone']) await create(page, title);
  await expect.poll(() => keptTitles(page)).toContain('Set the stone');
  await page.evaluate(() => navigator.serviceWorker.ready);
  const other = await anotherBrowser(context, 'mallory');

  await context.setOffline(true);
  for (const title of ['Lift the stone', 'Turn the stone', 'Set the stone'])
    await prioritise(page, title, 'Urgent');
  await expect(badge(page, '3 not saved yet')).toBeVisible();
  await expect.poll(() => keptEdits(page)).toBe(3);
  // Meanwhile somebody else changes another field of one of them.
  await open(other, 'Turn the stone');
  const title = other.getByRole('textbox', { name: 'Title' });
  await title.fill('Turn the grey stone');
  await title.press('Enter');
  await saved(other);

  await page.reload();
  await expect(row(page, 'Lift the stone').getByRole('button', { name: 'Priority: Urgent' })).toBeVisible();
  await expect(badge(page, '3 not saved yet')).toBeVisible();

  const requests: string[] = [];
  page.on('request', (request) => {
    if (['POST', 'PATCH'].includes(request.method()) && request.url().includes('/api/tasks'))
      requests.push(`${request.method()} ${new URL(request.url()).pathname}`);
  });
  await context.setOffline(false);
  await expect(badge(page, 'not saved yet')).toHaveCount(0);
  await expect.poll(() => keptEdits(page)).toBe(0);
  await expect(
    row(page, 'Turn the grey stone').getByRole('button', { name: 'Priority: Urgent' }),
  ).toBeVisible();
  for (const task of ['Lift the stone', 'Turn the grey stone', 'Set the stone'])
    await expect(row(other, task).getByRole('button', { name: 'Priority: Urgent' })).toBeVisible();
  // Together, and once more because one of them had another version.
  expect(requests.length).toBeLessThanOrEqual(3);
  expect(new Set(requests)).toEqual(new Set(['POST /api/tasks/bulk']));
  await other.context().close();
});

test('an edit of a tab that was closed is sent by the one that is left', async ({ page, context }) => {
  await signIn(page, 'mallory');
  await create(page, 'Left behind');
  const second = await context.newPage();
  await second.goto('/tasks/?status=all');
  await expect(row(second, 'Left behind')).toBeVisible();
  await context.setOffline(true);
  await prioritise(second, 'Left behind', 'Low');
  await expect.poll(() => keptEdits(second)).toBe(1);
  await second.close();
  await context.setOffline(false);
  await expect(row(page, 'Left behind').getByRole('button', { name: 'Priority: Low' })).toBeVisible();
  await expect.poll(() => keptEdits(page)).toBe(0);
});

test('the same field of two browsers: mine is kept, and theirs is one undo away', async ({
  page,
  context,
}) => {
  await signIn(page, 'mallory');
  await create(page, 'Who decides');
  const other = await anotherBrowser(context, 'mallory');
  await expect(row(other, 'Who decides')).toBeVisible();
  await context.setOffline(true);
  await prioritise(page, 'Who decides', 'Urgent');
  await prioritise(other, 'Who decides', 'Low');
  await saved(other);
  await context.setOffline(false);
  const toast = page.getByText('Somebody else changed priority at the same time. Yours was kept.');
  await expect(toast).toBeVisible();
  await expect(row(other, 'Who decides').getByRole('button', { name: 'Priority: Urgent' })).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).last().click();
  await expect(row(other, 'Who decides').getByRole('button', { name: 'Priority: Low' })).toBeVisible();
  await other.context().close();
});
