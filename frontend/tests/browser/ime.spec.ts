import { type CDPSession, expect, type Locator, type Page, test } from '@playwright/test';
import { create, open, row, saved, signIn } from './person';

/** Enter that confirms a conversion, as a browser sends it that ends the composition first: Safari. */
async function confirmLate(browser: CDPSession): Promise<void> {
  const key = { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 229, nativeVirtualKeyCode: 229 };
  await browser.send('Input.dispatchKeyEvent', { type: 'keyDown', text: '\r', ...key });
  await browser.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key });
}

/** Writes 松 into a field with a real composition, and confirms it by Enter in both ways. */
async function compose(browser: CDPSession, field: Locator): Promise<void> {
  await field.click();
  await field.fill('');
  await browser.send('Input.imeSetComposition', { text: 'まつ', selectionStart: 2, selectionEnd: 2 });
  await browser.send('Input.dispatchKeyEvent', {
    type: 'rawKeyDown',
    key: 'Process',
    code: 'Enter',
    windowsVirtualKeyCode: 229,
  });
  await browser.send('Input.insertText', { text: '松' });
  await confirmLate(browser);
  await expect(field).toHaveValue('松');
  await expect(field).toBeFocused();
}

test('Enter of an input method submits nothing, in any field', async ({ page, context }) => {
  test.setTimeout(120_000);
  await signIn(page, 'walter');
  await create(page, 'Label the pines');
  await saved(page);
  const browser = await context.newCDPSession(page);
  const sent: string[] = [];
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (request.method() !== 'GET' && !/\/api\/auth\/|\/notifications/.test(pathname))
      sent.push(`${request.method()} ${pathname}`);
  });
  const before = page.url();

  await open(page, 'Label the pines');
  await compose(browser, page.getByRole('textbox', { name: 'Write a comment' }));
  const search = page.getByRole('searchbox').or(page.getByPlaceholder('Search tasks')).first();
  await compose(browser, search);
  await search.fill('');
  await expect(row(page, 'Label the pines')).toBeVisible();
  for (const [keys, name] of [
    ['c', 'New task'],
    ['Control+k', 'Command palette'],
  ] as const) {
    await page.getByRole('grid').focus();
    await page.keyboard.press(keys);
    const dialog = page.getByRole('dialog', { name });
    const field = dialog.getByRole('textbox').or(dialog.getByRole('combobox'));
    await compose(browser, field.first());
    await expect(dialog).toBeVisible();
    await page.keyboard.press('Escape');
  }
  await page
    .getByRole('complementary', { name: 'Task' })
    .getByRole('button', { name: /^Labels/ })
    .click();
  await compose(browser, page.getByRole('dialog').getByRole('combobox'));
  await page.keyboard.press('Escape');
  // Fields of settings, each in a form with a button that submits it.
  const SETTINGS: [string, string | null][] = [
    ['organization', null],
    ['projects', 'New project'],
    ['invitations', 'New invitation'],
    ['roles', 'New role'],
    ['tokens', 'New token'],
  ];
  for (const [tab, button] of SETTINGS) {
    await page.goto(`/settings/?tab=${tab}`);
    if (button) await page.getByRole('button', { name: button }).click();
    await composeAll(browser, page);
  }
  // A title is saved by Enter of a keyboard, and by no other.
  await page.goto(before);
  await open(page, 'Label the pines');
  await compose(browser, page.getByRole('textbox', { name: 'Title' }));
  expect(sent).toEqual([]);
  await page.keyboard.press('Enter');
  await expect.poll(() => sent.length).toBe(1);
});

/** Every field for a text in the content of a page. */
async function composeAll(browser: CDPSession, page: Page): Promise<void> {
  const fields = page.locator('#content input:not([type]), #content input[type=text], #content textarea');
  await expect(fields.first()).toBeVisible();
  for (const field of await fields.all()) {
    if (await field.isEditable()) await compose(browser, field);
  }
}
