import { type BrowserContext, expect, type Page } from '@playwright/test';

/** What a page must never write to its console: a failed script, or something that the policy refused. */
export function failOnErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of (401|403|404|412)/.test(message.text()))
      errors.push(message.text());
  });
  return errors;
}

/** Signs somebody in through the stand-in for GitHub, and ends on the tasks. */
export async function signIn(page: Page, login: string): Promise<void> {
  await page.goto(`/api/auth/login?return_to=${encodeURIComponent('/tasks/?status=all')}&login=${login}`);
  await page.waitForURL(/\/tasks\//);
  await expect(page.getByRole('navigation').first()).toBeVisible();
}

/** Creates a task by the keyboard alone. */
export async function create(page: Page, line: string): Promise<void> {
  await expect(page.getByRole('button', { name: 'New task' }).first()).toBeVisible();
  await page.keyboard.press('c');
  const dialog = page.getByRole('dialog', { name: 'New task' });
  await dialog.getByRole('textbox', { name: 'Title' }).fill(line);
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
}

/** The row of a task. */
export function row(page: Page, title: string) {
  return page.getByRole('row').filter({ hasText: title });
}

/** Opens a task by its title. */
export async function open(page: Page, title: string): Promise<void> {
  await row(page, title).getByRole('button', { name: title, exact: true }).click();
  await expect(
    page.getByRole('complementary', { name: 'Task' }).getByRole('textbox', { name: 'Description' }),
  ).toBeVisible();
}

/** Waits until the server has all that the rows and the drawer show. */
export async function saved(page: Page): Promise<void> {
  await expect(page.getByText('Not saved yet')).toHaveCount(0);
}

/** A second browser of the same person. */
export async function anotherBrowser(context: BrowserContext, login: string): Promise<Page> {
  const browser = context.browser();
  if (!browser) throw new Error('no browser');
  const other = await browser.newContext({ baseURL: process.env.MIYABI_SITE_URL, reducedMotion: 'reduce' });
  const page = await other.newPage();
  await signIn(page, login);
  return page;
}

/** Chooses an option of the picker that is opening, by typing. */
export async function choose(page: Page, text: string): Promise<void> {
  const field = page.getByRole('dialog').getByRole('combobox');
  await field.fill(text);
  await field.press('Enter');
}

/** Lets somebody into the organization of who uses `owner`, as a member, in a browser of their own. */
export async function joinedBy(owner: Page, context: BrowserContext, login: string): Promise<Page> {
  await owner.goto('/settings/?tab=invitations');
  await owner.getByRole('button', { name: 'New invitation' }).click();
  await owner.getByRole('textbox', { name: 'Only for this GitHub login' }).fill(login);
  await owner.getByRole('button', { name: 'Create invitation' }).click();
  const link = await owner.getByRole('textbox', { name: 'Link of the invitation' }).inputValue();
  const page = await anotherBrowser(context, login);
  await page.goto(link);
  await page.getByRole('button', { name: /^Join / }).click();
  await page.waitForURL(/\/tasks\//);
  return page;
}

/** Waits until what others do is seen here. */
export async function live(page: Page): Promise<void> {
  await expect(page.getByRole('status').filter({ hasText: /^Live/ })).toBeVisible();
}
