import { expect, type Page, test } from '@playwright/test';
import { signIn } from './person';

const TABS = ['organization', 'projects', 'members', 'invitations', 'roles', 'tokens'].map(
  (tab) => `/settings/?tab=${tab}`,
);
const PAGES = [
  '/tasks/?status=all',
  '/tasks/?view=board',
  '/tasks/?q=stone',
  '/tasks/?task=OUR-1',
  '/inbox/',
  '/dashboard/',
  '/activity/',
  '/trash/',
  '/settings/',
  ...TABS,
];

/** What no page may do, whatever fails: throw, or leave a promise that nobody looks at. */
function uncaught(page: Page): string[] {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  return errors;
}

/** Every request but those for the session is answered with a problem. */
async function failing(page: Page, status: number): Promise<void> {
  await page.unrouteAll({ behavior: 'wait' });
  await page.route(/\/api\/(?!auth\/(me|refresh))/, (route) =>
    route.fulfill({
      status,
      contentType: 'application/problem+json',
      body: JSON.stringify({
        status,
        code: status === 403 ? 'forbidden' : 'internal',
        title: 'Failed',
        detail: 'Made up for a test.',
        request_id: 'made-up-request',
      }),
    }),
  );
}

const notes = (page: Page) =>
  page.getByRole('alert').filter({ has: page.getByRole('button', { name: 'Try again' }) });

/** Presses what tries again, all at once: what succeeds is gone in the next moment. Returns how many there are. */
function tryAgain(page: Page): Promise<number> {
  return notes(page)
    .getByRole('button')
    .evaluateAll((buttons) => {
      for (const button of buttons) (button as HTMLButtonElement).click();
      return buttons.length;
    });
}

for (const [status, said] of [
  [500, 'The server failed.'],
  [503, 'The service is not available at this moment.'],
  [403, 'Your role does not allow this.'],
] as const) {
  test(`every page says that its data failed with ${status}, and can try again`, async ({ page }) => {
    const errors = uncaught(page);
    // Signed in without a page that reads tasks: nothing is kept in this browser that could be shown instead.
    await page.goto('/api/auth/login?return_to=%2Fjoin%2F&login=alice');
    await page.waitForURL(/\/join\//);
    for (const path of PAGES) {
      await failing(page, status);
      await page.goto(path);
      await expect(notes(page).first(), path).toBeVisible();
      await expect(notes(page).first(), path).toContainText(said);
      await expect(notes(page).first(), path).toContainText('made-up-request');
      await expect(page.locator('h1').first(), path).toBeAttached();
      await expect(page.getByRole('status', { name: 'Loading' }), path).toHaveCount(0);
      // What comes back needs no load of the page.
      await page.unrouteAll({ behavior: 'wait' });
      await expect.poll(() => tryAgain(page), { message: path }).toBe(0);
    }
    expect(errors).toEqual([]);
  });
}

test('a page whose session cannot be asked for says so, and continues when it can', async ({ page }) => {
  const errors = uncaught(page);
  await page.goto('/api/auth/login?return_to=%2Fjoin%2F&login=alice');
  await page.waitForURL(/\/join\//);
  await page.route('**/api/**', (route) => route.fulfill({ status: 503, body: 'upstream' }));
  await page.goto('/dashboard/');
  await expect(page.getByRole('heading', { name: 'Something failed' })).toBeVisible();
  await expect(notes(page)).toBeVisible();
  await page.unrouteAll({ behavior: 'wait' });
  await notes(page).getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('heading', { name: 'Dashboard' })).toBeVisible();
  expect(errors).toEqual([]);
});

test('without a network a page that nothing is kept of says so', async ({ page, context }) => {
  const errors = uncaught(page);
  await signIn(page, 'alice');
  // Its script is kept, its data is not.
  await expect
    .poll(() => page.evaluate(async () => Boolean(await caches.match('/activity/'))), { timeout: 60_000 })
    .toBe(true);
  await context.setOffline(true);
  await page.getByRole('link', { name: 'Activity' }).first().click();
  await expect(page.getByRole('alert').first()).toContainText('The server cannot be reached.');
  await context.setOffline(false);
  await expect(page.getByRole('alert').filter({ hasText: 'cannot be reached' })).toHaveCount(0);
  expect(errors).toEqual([]);
});
