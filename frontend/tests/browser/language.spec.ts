import { expect, type Page, test } from '@playwright/test';
import { create, signIn } from './person';

/** Names that are the same in every language, and what people typed. */
const NAMES =
  /\S+@example\.com|Miyabi|GitHub|CSV|JSON|API|Ctrl|Enter|Shift|Esc|Space|Alt|Tab|gh issue list[^。]*|[a-z]+\.(read|write|delete|assign|manage|update|export)|owner|admin|member|viewer|Walter Wide|walter|[A-Z]+-\d+|Tea garden|Second pond|Deep pond|organization|Chrom\w*|HeadlessChrome|Linux|English|Markdown|!p0|p[0-3]|https?:\/\/\S+/gi;

/** Texts and labels of a page that have two English words one after the other, or one long one. */
async function englishOn(page: Page): Promise<string[]> {
  const texts = await page.evaluate(() => {
    const found: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement;
      if (parent && !parent.closest('script, style, [data-typed]')) found.push(node.textContent ?? '');
    }
    for (const element of document.querySelectorAll('[aria-label], [title], [placeholder], [alt]')) {
      for (const name of ['aria-label', 'title', 'placeholder', 'alt']) {
        const text = element.getAttribute(name) ?? '';
        // The name of an action, as programs have it, is one more hint beside its text.
        if (name !== 'title' || !/^[a-z_]+\.[a-z_]+$/.test(text)) found.push(text);
      }
    }
    return [...found, document.title];
  });
  return texts.filter((text) => /[A-Za-z]{3,}/.test(text.replace(NAMES, '')));
}

const PAGES = [
  '/tasks/',
  '/tasks/?view=board',
  '/inbox/',
  '/dashboard/',
  '/activity/',
  '/trash/',
  '/settings/',
  ...['organization', 'projects', 'members', 'invitations', 'roles', 'tokens', 'import', 'account'].map(
    (tab) => `/settings/?tab=${tab}`,
  ),
  '/',
  '/join/?code=short',
  '/auth/callback/?error=bad_state',
  '/does-not-exist/',
];

test('no page has English in it where Japanese is chosen', async ({ page }) => {
  test.setTimeout(180_000);
  await signIn(page, 'walter');
  // Without what other tests have written: with names that are Japanese.
  await page.goto('/settings/?tab=organization');
  await page.getByRole('textbox', { name: 'Name of the new organization' }).fill('言葉の庭');
  await page.getByRole('button', { name: 'New organization' }).click();
  await page.waitForURL(/\/tasks\//);
  await create(page, '苔に水をやる');
  // The test sees English where there is some.
  expect((await englishOn(page)).length).toBeGreaterThan(10);
  await page.evaluate(() => localStorage.setItem('miyabi-language', 'ja'));
  for (const path of PAGES) {
    await page.goto(path);
    await expect(page.locator('html')).toHaveAttribute('lang', 'ja');
    await expect(page.locator('h1').first()).toBeAttached();
    await expect(page.getByRole('status', { name: '読み込み中' })).toHaveCount(0);
    await expect.poll(() => englishOn(page), { message: path }).toEqual([]);
  }
});
