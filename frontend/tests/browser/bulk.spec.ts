import { expect, type Page, test } from '@playwright/test';
import { anotherBrowser, choose, create, failOnErrors, row, saved, signIn } from './person';

const CRANES = ['Fold the first crane', 'Fold the second crane', 'Fold the third crane'];

/** The changes of tasks that a page sends. */
function changesOf(page: Page): string[] {
  const sent: string[] = [];
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (request.method() !== 'GET' && pathname.startsWith('/api/tasks'))
      sent.push(`${request.method()} ${pathname}`);
  });
  return sent;
}

test('several tasks are labelled, finished, deleted and taken back, each in one request with one undo', async ({
  page,
}) => {
  const errors = failOnErrors(page);
  await signIn(page, 'nora');
  for (const title of CRANES) await create(page, title);
  await saved(page);
  for (const title of CRANES) await row(page, title).getByRole('checkbox').check();
  const bar = page.getByText('3 selected').locator('..');
  const sent = changesOf(page);

  await bar.getByRole('button', { name: 'Labels' }).click();
  await choose(page, 'paper');
  for (const title of CRANES) await expect(row(page, title)).toContainText('paper');
  await page.keyboard.press('Escape');
  await bar.getByRole('button', { name: 'Mark as done', exact: true }).click();
  const isDone = (title: string) => row(page, title).getByRole('button', { name: 'Status: Done' });
  for (const title of CRANES) await expect(isDone(title)).toBeVisible();
  await saved(page);
  await expect.poll(() => sent).toEqual(['POST /api/tasks/bulk', 'POST /api/tasks/bulk']);

  await page.keyboard.press('Control+z');
  for (const title of CRANES) await expect(isDone(title)).toHaveCount(0);
  await saved(page);
  await bar.getByRole('button', { name: 'Delete', exact: true }).click();
  for (const title of CRANES) await expect(row(page, title)).toBeHidden();
  await expect(page.getByText('selected')).toHaveCount(0);
  await page.getByRole('status').getByRole('button', { name: 'Undo' }).last().click();
  for (const title of CRANES) await expect(row(page, title)).toBeVisible();
  // The undo of the change, the deletion, the restoration.
  await expect.poll(() => sent).toEqual(Array(5).fill('POST /api/tasks/bulk'));
  await saved(page);
  await page.reload();
  for (const title of CRANES) await expect(row(page, title)).toContainText('paper');
  expect(errors).toEqual([]);
});

test('a selection with a task that somebody else changed or deleted is still changed', async ({
  page,
  context,
}) => {
  await signIn(page, 'nora');
  const titles = ['Dye the paper', 'Press the paper', 'Cut the paper'];
  for (const title of titles) await create(page, title);
  await saved(page);
  const other = await anotherBrowser(context, 'nora');
  for (const title of titles) await row(page, title).getByRole('checkbox').check();
  // This browser cannot read what happens meanwhile.
  await context.setOffline(true);
  await row(other, 'Dye the paper')
    .getByRole('button', { name: /^Status/ })
    .click();
  await choose(other, 'In prog');
  await row(other, 'Cut the paper').getByRole('checkbox').check();
  await other.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(row(other, 'Cut the paper')).toBeHidden();
  await page.keyboard.press('p');
  await choose(page, 'Urgent');
  await context.setOffline(false);
  for (const title of ['Dye the paper', 'Press the paper'])
    await expect(row(other, title).getByRole('button', { name: 'Priority: Urgent' })).toBeVisible();
  await expect(row(page, 'Dye the paper').getByRole('button', { name: 'Status: In progress' })).toBeVisible();
  await expect(row(page, 'Cut the paper')).toBeHidden();
  await other.context().close();
});
