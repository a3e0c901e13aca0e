import { expect, test } from '@playwright/test';
import { anotherBrowser, choose, create, open, row, saved, signIn } from './person';

test('what two browsers change in different fields is both kept, without a question', async ({
  page,
  context,
}) => {
  await signIn(page, 'erin');
  await create(page, 'Count the koi');
  const other = await anotherBrowser(context, 'erin');
  await open(page, 'Count the koi');
  await open(other, 'Count the koi');
  const title = other.getByRole('textbox', { name: 'Title' });
  await title.fill('Count the koi again');
  await title.press('Enter');
  await expect(row(other, 'Count the koi again')).toBeVisible();
  await saved(other);

  // This browser still has the version from before.
  await page
    .getByRole('complementary')
    .getByRole('button', { name: /^Priority/ })
    .click();
  await choose(page, 'Urgent');
  const merged = row(page, 'Count the koi again');
  await expect(merged.getByRole('button', { name: 'Priority: Urgent' })).toBeVisible();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await other.context().close();
});

test('the same text of two browsers is asked about, with both texts', async ({ page, context }) => {
  await signIn(page, 'erin');
  await create(page, 'Describe the garden');
  const other = await anotherBrowser(context, 'erin');
  await open(page, 'Describe the garden');
  await open(other, 'Describe the garden');
  const field = (who: typeof page) =>
    who.getByRole('complementary').getByRole('textbox', { name: 'Description' });
  // Both have begun from the same text.
  await field(page).fill('Mine: gravel');
  await field(other).fill('Theirs: moss');
  await field(other).press('Control+Enter');
  await saved(other);
  await field(page).press('Control+Enter');
  const dialog = page.getByRole('dialog', { name: 'Two people wrote the same text' });
  await expect(dialog.getByRole('textbox', { name: 'Saved by somebody else' })).toHaveValue('Theirs: moss');
  const mine = dialog.getByRole('textbox', { name: 'Yours' });
  await expect(mine).toHaveValue('Mine: gravel');
  await mine.fill('Moss and gravel');
  await dialog.getByRole('button', { name: 'Save mine' }).click();
  await expect(dialog).toBeHidden();
  await saved(page);
  await other.reload();
  await expect(other.getByRole('textbox', { name: 'Description' })).toHaveValue('Moss and gravel');
  await other.context().close();
});
