import { expect, test } from '@playwright/test';
import { keptInBrowser } from './kept';
import { create, open, signIn } from './person';

/** Everything that this browser keeps of what was typed. */
const keptDrafts = async (page: Parameters<typeof keptInBrowser>[0]) =>
  (await keptInBrowser(page)).flatMap(([key, value]) =>
    key.includes(' draft ') ? [(value as { text: string }).text] : [],
  );

test('what was typed and not saved survives a reload in each editor, and goes with the session', async ({
  page,
}) => {
  await signIn(page, 'walter');
  await create(page, 'Write the sign at the gate');
  await open(page, 'Write the sign at the gate');
  const description = page.getByRole('textbox', { name: 'Description' });
  const comment = page.getByRole('textbox', { name: 'Write a comment' });
  await comment.fill('In which');
  await description.click();
  await description.pressSequentially('Please do not');
  await expect.poll(() => keptDrafts(page)).toEqual(expect.arrayContaining(['In which', 'Please do not']));

  // A reload takes the focus from nothing: the text is neither saved nor lost.
  await page.reload();
  await expect(description).toHaveValue('Please do not');
  await expect(comment).toHaveValue('In which');
  const note = page.getByText('You typed this earlier. It is not saved.');
  await expect(note).toHaveCount(1);
  await page.getByRole('complementary', { name: 'Task' }).getByRole('button', { name: 'Save' }).click();
  await expect(note).toHaveCount(0);
  await comment.press('Control+Enter');
  await expect(page.getByRole('listitem').filter({ hasText: 'In which' })).toBeVisible();
  await expect.poll(() => keptDrafts(page)).toEqual([]);

  // A comment that is being edited, and a new task.
  await page.getByRole('button', { name: 'Edit', exact: true }).click();
  await page.getByRole('textbox', { name: 'Write a comment' }).first().fill('In which languages');
  await page.getByRole('button', { name: 'Close the task' }).click();
  await page.keyboard.press('c');
  const dialog = page.getByRole('dialog', { name: 'New task' });
  await dialog.getByRole('textbox', { name: 'Title' }).fill('Paint the gate !p1');
  await dialog.getByRole('textbox', { name: 'Description' }).fill('Not red.');
  await expect.poll(() => keptDrafts(page)).toContain('Not red.');
  await page.reload();
  await page.getByRole('button', { name: 'New task' }).first().click();
  await expect(dialog.getByRole('textbox', { name: 'Title' })).toHaveValue('Paint the gate !p1');
  await expect(dialog.getByRole('textbox', { name: 'Description' })).toHaveValue('Not red.');
  await expect(dialog.getByText('You typed this earlier. It is not saved.')).toBeVisible();
  await dialog.getByRole('button', { name: 'Discard' }).click();
  await open(page, 'Write the sign at the gate');
  await expect(page.getByRole('textbox', { name: 'Write a comment' }).first()).toHaveValue(
    'In which languages',
  );
  await expect.poll(() => keptDrafts(page)).toEqual(['In which languages']);

  await page.goto('/settings/');
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.waitForURL(/\/login\//);
  await expect.poll(() => keptInBrowser(page)).toEqual([]);
});
