import { expect, type Page, test } from '@playwright/test';
import { anotherBrowser, create, open, row, signIn } from './person';

const live = (page: Page) => expect(page.getByRole('status').filter({ hasText: /^Live/ })).toBeVisible();

test('what happens in one browser is seen in another without reading again', async ({ page, context }) => {
  await signIn(page, 'nora');
  const other = await anotherBrowser(context, 'nora');
  await live(page);
  await live(other);

  await create(other, 'Polish the lantern');
  await expect(row(page, 'Polish the lantern')).toBeVisible();

  await open(other, 'Polish the lantern');
  const title = other.getByRole('textbox', { name: 'Title' });
  await title.fill('Polish the old lantern');
  await title.press('Enter');
  await expect(row(page, 'Polish the old lantern')).toBeVisible();

  // A description that is open follows, and keeps the focus.
  await open(page, 'Polish the old lantern');
  const mine = page.getByRole('textbox', { name: 'Description' });
  await mine.focus();
  const theirs = other.getByRole('textbox', { name: 'Description' });
  await theirs.fill('With a soft cloth.');
  await theirs.press('Control+Enter');
  await expect(mine).toHaveValue('With a soft cloth.');
  await expect(mine).toBeFocused();

  await other.getByRole('complementary').getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(row(page, 'Polish the old lantern')).toBeHidden();
  await other.context().close();
});

test('what was missed while the network was away comes back, exactly', async ({ page, context }) => {
  await signIn(page, 'nora');
  const other = await anotherBrowser(context, 'nora');
  await live(page);
  await context.setOffline(true);
  await create(other, 'Missed at first');
  await create(other, 'And another one');
  await context.setOffline(false);
  await expect(row(page, 'Missed at first')).toBeVisible({ timeout: 60_000 });
  await expect(row(page, 'And another one')).toBeVisible();
  await other.context().close();
});
