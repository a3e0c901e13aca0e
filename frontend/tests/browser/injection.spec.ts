import { expect, test } from '@playwright/test';
import { create, open, row, signIn } from './person';

/** What runs in a page that takes text for markup, each of another kind. */
const CORPUS = [
  '<script>window.injected=1</script>',
  '<img src=x onerror="window.injected=1">',
  '"><svg onload=window.injected=1>',
  "javascript:window.injected=1//'",
  '<iframe srcdoc="<script>parent.injected=1</script>">',
  '<a href="javascript:window.injected=1">x</a>',
  '{{constructor.constructor("window.injected=1")()}}',
  '<math><mtext></form><form><mglyph><style></math><img src onerror=window.injected=1>',
];

test('what other people write is text, wherever it is shown', async ({ page }) => {
  test.setTimeout(120_000);
  const refused: string[] = [];
  page.on('console', (message) => {
    if (/Content Security Policy/.test(message.text())) refused.push(message.text());
  });
  page.on('dialog', (dialog) => refused.push(dialog.message()));
  await signIn(page, 'walter');
  // A backslash keeps the words of quick add in the title.
  for (const [index, text] of CORPUS.entries())
    await create(page, `${index} ${text.replace(/(^| )([#@!^])/g, '$1\\$2')}`);
  await expect(row(page, CORPUS[0] ?? '')).toBeVisible();
  await open(page, `1 ${CORPUS[1]}`);
  const drawer = page.getByRole('complementary', { name: 'Task' });
  const description = drawer.getByRole('textbox', { name: 'Description' });
  await description.fill(CORPUS.join('\n'));
  await description.press('Control+Enter');
  const comment = drawer.getByRole('textbox', { name: 'Write a comment' });
  await comment.fill(CORPUS.join('\n'));
  await comment.press('Control+Enter');
  await expect(drawer.getByRole('listitem').filter({ hasText: 'srcdoc' })).toBeVisible();
  await page.keyboard.press('Escape');

  await page.goto('/settings/?tab=projects');
  await page.getByRole('button', { name: 'New project' }).click();
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(CORPUS[1] ?? '');
  await page.getByRole('button', { name: 'Create project' }).click();
  await expect(page.getByRole('textbox', { name: `Name of ${CORPUS[1]}` })).toBeVisible();

  for (const path of ['/tasks/', '/tasks/?view=board', '/dashboard/', '/activity/', '/inbox/', '/trash/']) {
    await page.goto(path);
    await expect(page.locator('h1').first()).toBeAttached();
    await expect(page.getByRole('status', { name: 'Loading' })).toHaveCount(0);
    await page.waitForLoadState('networkidle');
    expect(await page.evaluate(() => 'injected' in window), path).toBe(false);
    expect(await page.locator('#content iframe, #content img[src=x], #content script').count(), path).toBe(0);
  }
  // Neither did it run, nor did the policy have to keep it from running.
  expect(refused).toEqual([]);
});
