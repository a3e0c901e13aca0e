import { expect, test } from '@playwright/test';
import { choose, create, failOnErrors, open, row, saved, signIn } from './person';

test('a person signs in, creates, edits, comments, finishes, deletes and takes it back', async ({ page }) => {
  const errors = failOnErrors(page);
  await page.goto('/');
  await page.getByRole('link', { name: 'Sign in with GitHub' }).click();
  await page
    .getByRole('button', { name: /alice/i })
    .or(page.getByRole('link', { name: /alice/i }))
    .first()
    .click();
  await page.waitForURL(/\/tasks\//);

  await create(page, 'Repot the bonsai !p0 ^tomorrow');
  const bonsai = row(page, 'Repot the bonsai');
  await expect(bonsai).toBeVisible();
  await expect(bonsai.getByRole('button', { name: 'Priority: Urgent' })).toBeVisible();
  await expect(bonsai).toContainText('Tomorrow');

  await open(page, 'Repot the bonsai');
  const drawer = page.getByRole('complementary', { name: 'Task' });
  const description = drawer.getByRole('textbox', { name: 'Description' });
  await description.fill('Use the shallow pot.');
  await description.press('Control+Enter');
  await drawer.getByRole('textbox', { name: 'Write a comment' }).fill('Which soil?');
  await page.keyboard.press('Control+Enter');
  await expect(drawer.getByText('Which soil?')).toBeVisible();
  await drawer.getByRole('button', { name: /^Status/ }).click();
  await choose(page, 'In prog');
  await expect(bonsai.getByRole('button', { name: 'Status: In progress' })).toBeVisible();
  await expect(drawer.getByText('Not saved yet')).toBeHidden();

  await page.reload();
  await expect(drawer.getByRole('textbox', { name: 'Description' })).toHaveValue('Use the shallow pot.');

  await drawer.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(bonsai).toBeHidden();
  await page.getByRole('status').getByRole('button', { name: 'Undo' }).click();
  await expect(bonsai).toBeVisible();
  expect(errors).toEqual([]);
});

test('the keyboard alone is enough', async ({ page }) => {
  await signIn(page, 'bob');
  for (const title of ['First leaf', 'Second leaf', 'Third leaf']) await create(page, title);
  await expect(row(page, 'First leaf')).toBeVisible();
  await saved(page);
  const active = page.locator('[data-active=true]');
  await page.keyboard.press('j');
  await expect(active).toContainText('Third leaf');
  await page.keyboard.press('j');
  await expect(active).toContainText('Second leaf');
  await page.keyboard.press('Shift+J');
  await page.keyboard.press('p');
  await choose(page, 'Urg');
  await expect(page.getByRole('button', { name: 'Priority: Urgent' })).toHaveCount(2);
  // One action, one undo.
  await page.keyboard.press('Control+z');
  await expect(page.getByRole('button', { name: 'Priority: Urgent' })).toHaveCount(0);
  await page.keyboard.press('Escape');
  await page.keyboard.press('i');
  await expect(active.getByRole('button', { name: /Assignee: Bob/ })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('complementary', { name: 'Task' })).toBeVisible();
  await page.keyboard.press('k');
  await expect(page.getByRole('textbox', { name: 'Title' })).toHaveValue('Second leaf');
  await page.keyboard.press('#');
  await expect(row(page, 'Second leaf')).toBeHidden();
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await choose(page, 'trash');
  await expect(page.getByRole('heading', { name: 'Trash' })).toBeVisible();
  await page.getByRole('button', { name: 'Restore' }).click();
  await page.keyboard.press('g');
  await page.keyboard.press('t');
  await expect(row(page, 'Second leaf')).toBeVisible();
});

test('filters and search are in the address, and the way back works', async ({ page }) => {
  await signIn(page, 'carol');
  await create(page, 'Prune the pine !p1');
  await create(page, '松の剪定 !p3');
  await page.getByRole('combobox', { name: 'Priority' }).selectOption('p1');
  await expect(page).toHaveURL(/priority=p1/);
  await expect(row(page, '松の剪定')).toBeHidden();
  await saved(page);
  await page.reload();
  await expect(row(page, 'Prune the pine')).toBeVisible();
  await expect(page.getByRole('row')).toHaveCount(1);
  await page.goBack();
  await expect(row(page, '松の剪定')).toBeVisible();
  await page.keyboard.press('/');
  await page.keyboard.type('pine');
  await expect(page).toHaveURL(/q=pine/);
  await expect(page.getByRole('row')).toHaveCount(1);
  // A new task is where the order of the list has it.
  await page.goto('/tasks/?sort=title');
  await create(page, 'Quench the iron');
  await expect(page.getByRole('row')).toContainText([/Prune the pine/, /Quench the iron/, /松の剪定/]);
  await page.goto('/tasks/?status=failed');
  await expect(page.getByText('No task matches: Failed.')).toBeVisible();
});

test('a card moves on the board by keys', async ({ page }) => {
  await signIn(page, 'dave');
  await create(page, 'Carry the stone');
  await page.getByRole('button', { name: 'Board', exact: true }).click();
  await page
    .getByRole('region', { name: /^To do/ })
    .getByRole('button', { name: 'Carry the stone', exact: true })
    .focus();
  await page.keyboard.press('Alt+ArrowRight');
  await expect(page.getByRole('region', { name: /^In progress/ }).getByText('Carry the stone')).toBeVisible();
  await page.getByRole('button', { name: 'Move to: Carry the stone' }).click();
  await choose(page, 'Done');
  await expect(page.getByRole('region', { name: /^Done/ }).getByText('Carry the stone')).toBeVisible();
});
