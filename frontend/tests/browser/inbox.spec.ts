import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { create, failOnErrors, joinedBy, live, open, signIn } from './person';

test('a mention is in the inbox of the other person at once, and leaves it by keys', async ({
  page,
  context,
}) => {
  const errors = failOnErrors(page);
  await signIn(page, 'erin');
  const other = await joinedBy(page, context, 'mallory');
  await page.goto('/tasks/?status=all');
  await create(page, 'Clean the tea house');
  await live(other);
  const inbox = other
    .getByRole('navigation', { name: 'Main' })
    .first()
    .getByRole('link', { name: /^Inbox/ });
  await expect(inbox).toHaveText('Inbox');

  await open(page, 'Clean the tea house');
  const comment = page.getByRole('textbox', { name: 'Write a comment' });
  await comment.fill('Can you help, @mallory?');
  await comment.press('Control+Enter');
  // Without a reload.
  await expect(inbox).toContainText('1 unread');

  await other.keyboard.press('g');
  await other.keyboard.press('i');
  await expect(other.getByRole('heading', { name: 'Inbox' })).toBeVisible();
  const line = other.getByRole('row').filter({ hasText: 'Clean the tea house' });
  await expect(line).toContainText('mentioned you');
  await other.keyboard.press('j');
  await other.keyboard.press('Enter');
  const drawer = other.getByRole('complementary', { name: 'Task' });
  await expect(drawer.getByText('Can you help, @mallory?')).toBeVisible();
  await expect(other).toHaveURL(/\/inbox\/\?task=[A-Z]+-\d+$/);
  const { violations } = await new AxeBuilder({ page: other }).analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);
  // Opening it is reading it.
  await expect(inbox).toHaveText('Inbox');

  // Shift-W watches, and the next comment comes here, too.
  const watch = drawer.getByRole('button', { name: 'Watch' });
  await expect(watch).toHaveAttribute('aria-pressed', 'false');
  await other.keyboard.press('Shift+W');
  await expect(watch).toHaveAttribute('aria-pressed', 'true');
  await other.keyboard.press('u');
  await expect(inbox).toContainText('1 unread');
  await other.keyboard.press('Escape');
  await expect(drawer).toBeHidden();

  await other.keyboard.press('e');
  await expect(line).toBeHidden();
  await expect(other.getByText(/Your inbox is empty/)).toBeVisible();
  await other.getByRole('status').getByRole('button', { name: 'Undo' }).click();
  await expect(line).toBeVisible();
  await other.keyboard.press('j');
  await other.keyboard.press('h');
  await other
    .getByRole('dialog')
    .getByRole('option', { name: /In 3 hours/ })
    .click();
  await expect(line).toBeHidden();
  await other.getByRole('link', { name: 'Snoozed' }).click();
  await expect(line).toBeVisible();

  // What is new ends it.
  await comment.fill('It is urgent.');
  await comment.press('Control+Enter');
  await expect(inbox).toContainText('1 unread');
  await other.getByRole('navigation', { name: 'Show' }).getByRole('link', { name: 'Inbox' }).click();
  await expect(line).toContainText('commented or changed the status');
  expect(errors).toEqual([]);
  await other.context().close();
});
