import { expect, test } from '@playwright/test';
import { create, open, row, saved, signIn } from './person';

const TOO_LONG = 'A title has at most 200 characters. Shorten it by 1 to save it.';

test('a title over 200 characters is refused before it is sent, and kept as typed', async ({ page }) => {
  await signIn(page, 'ivan');
  // Of two UTF-16 units each: the server counts characters.
  const longest = '🪴'.repeat(200);
  await page.keyboard.press('c');
  const dialog = page.getByRole('dialog', { name: 'New task' });
  const line = dialog.getByRole('textbox', { name: 'Title' });
  await line.fill(`!p1 ${longest}x`);
  await expect(dialog.getByText(TOO_LONG)).toBeVisible();
  await expect(dialog.getByText('201 of 200 characters')).toBeVisible();
  await line.press('Enter');
  await expect(dialog.getByRole('button', { name: 'New task' })).toBeDisabled();
  await line.fill(`!p1 ${longest}`);
  await expect(dialog.getByText(TOO_LONG)).toHaveCount(0);
  await line.press('Enter');
  await expect(dialog).toBeHidden();
  await expect(row(page, longest)).toBeVisible();
  await saved(page);

  await create(page, 'Trim the hedge');
  await saved(page);
  const sent: string[] = [];
  page.on('request', (request) => {
    if (request.method() === 'PATCH') sent.push(request.url());
  });
  await open(page, 'Trim the hedge');
  const title = page.getByRole('complementary', { name: 'Task' }).getByRole('textbox', { name: 'Title' });
  await title.fill('x'.repeat(201));
  await title.press('Enter');
  await expect(page.getByText(TOO_LONG)).toBeVisible();
  await page.getByRole('textbox', { name: 'Write a comment' }).focus();
  // Neither sent nor lost, not even by a reload.
  await page.reload();
  await expect(title).toHaveValue('x'.repeat(201));
  await expect(page.getByText(TOO_LONG)).toBeVisible();
  expect(sent).toEqual([]);
  await title.fill('x'.repeat(200));
  await title.press('Enter');
  await expect(row(page, 'x'.repeat(200))).toBeVisible();
  await saved(page);
  expect(sent).toHaveLength(1);
});
