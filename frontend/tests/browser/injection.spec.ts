import { expect, type Locator, type Page, test } from '@playwright/test';
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
  '[link](javascript:window.injected=1)',
  '[link](java\tscript:window.injected=1)',
  '![picture](x" onerror="window.injected=1)',
  '![picture](javascript:window.injected=1)',
  '[link](data:text/html;base64,PHNjcmlwdD53aW5kb3cuaW5qZWN0ZWQ9MTwvc2NyaXB0Pg==)',
  '<javascript:window.injected=1>',
  '[link](https://example.com/"onmouseover="window.injected=1)',
  '`<img src=x onerror=window.injected=1>`',
  '<math><mtext></form><form><mglyph><style></math><img src onerror=window.injected=1>',
];

/** Each of the corpus as a paragraph, an item and a quote; and a link and marks, which are elements. */
const MARKDOWN = [
  '[moss](https://example.com/moss) **bold** <mailto:aki@example.com>',
  ...CORPUS,
  ...CORPUS.map((text) => `- ${text}`),
  ...CORPUS.map((text) => `> ${text}`),
].join('\n\n');

/** What a rendered text must not have. */
const FORBIDDEN = ['img', 'svg', 'iframe', 'script', 'style', 'math', 'form', 'object', 'embed'];

/** A rendered text has what Markdown means, and nothing that HTML in it means. */
async function expectHarmless(page: Page, text: Locator): Promise<void> {
  await expect(text.getByRole('link', { name: 'moss' })).toHaveAttribute('rel', 'noopener noreferrer');
  await expect(text.locator('strong').first()).toHaveText('bold');
  await expect(text.getByText('<script>window.injected=1</script>').first()).toBeVisible();
  expect(await text.locator(FORBIDDEN.join(', ')).count()).toBe(0);
  const links = await text.locator('a').all();
  // The two, and the one of the corpus whose address is only odd, in each of its three places.
  expect(links).toHaveLength(5);
  for (const link of links) expect(await link.getAttribute('href')).toMatch(/^(?:https:|mailto:)/);
  const attributes = await text.evaluate((element) =>
    [...element.querySelectorAll('*')].flatMap((inside) => inside.getAttributeNames()),
  );
  expect(new Set(attributes)).toEqual(new Set(['href', 'target', 'rel']));
  // The pointer is over each of them, and a click opens no script.
  for (const link of links) await link.hover();
  expect(await page.evaluate(() => 'injected' in window)).toBe(false);
}

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
  await description.fill(MARKDOWN);
  await description.press('Control+Enter');
  const comment = drawer.getByRole('textbox', { name: 'Write a comment' });
  await comment.fill(MARKDOWN);
  await comment.press('Control+Enter');
  const texts = drawer.locator('.markdown');
  await expect(texts).toHaveCount(2);
  // As they were typed, and as the server gives them back.
  for (const isReloaded of [false, true]) {
    if (isReloaded) await page.reload();
    await expect(texts).toHaveCount(2);
    for (const text of await texts.all()) await expectHarmless(page, text);
  }
  await drawer.getByRole('button', { name: 'Close the task' }).click();

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
