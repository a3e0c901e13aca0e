import { expect, test } from '@playwright/test';
import { signIn } from './person';

test('a page without a session leads to the sign-in, and back', async ({ page }) => {
  await page.goto('/trash/');
  await page.waitForURL(/\/login\/\?return_to=%2Ftrash%2F$/);
  await expect(page.getByRole('link', { name: 'Sign in with GitHub' })).toHaveAttribute(
    'href',
    /return_to=%2Ftrash%2F$/,
  );
});

test('a failed sign-in is explained', async ({ page }) => {
  await page.goto('/api/auth/callback?code=c&state=A');
  await page.waitForURL(/\/auth\/callback\/\?error=bad_state/);
  await expect(page.getByRole('heading', { name: 'Sign-in failed' })).toBeVisible();
  await expect(page.getByRole('alert').filter({ hasText: 'not started in this browser' })).toBeVisible();
  await expect(page.getByText(/^Request \S+/)).toBeVisible();
});

test('signing out ends every tab, and no token is ever stored', async ({ page, context }) => {
  await signIn(page, 'alice');
  const second = await context.newPage();
  await second.goto('/dashboard/');
  await expect(second.getByRole('heading', { name: 'Dashboard' })).toBeVisible();
  const stored = await second.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  expect(stored).not.toMatch(/eyJ/);
  await page.goto('/settings/');
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.waitForURL(/\/login\//);
  await second.waitForURL(/\/login\//);
});

test('single keys can be turned off, and the language and the theme are kept', async ({ page }) => {
  await signIn(page, 'alice');
  await page.goto('/settings/');
  await page.getByRole('checkbox', { name: 'Single-key shortcuts' }).uncheck();
  await page.keyboard.press('?');
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('dialog')).toHaveCount(1);
  await page.keyboard.press('Escape');
  await page.getByRole('radio', { name: 'Dark' }).check();
  await page.getByRole('combobox', { name: 'Language' }).selectOption('ja');
  await expect(page.getByRole('heading', { name: '設定' })).toBeVisible();
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page.locator('html')).toHaveAttribute('lang', 'ja');
});

test('the content security policy is enforced: what is injected does not run', async ({ page }) => {
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
      Object.assign(window, { refused: effectiveDirective });
    });
  });
  // In the page itself: scripts that a script makes are refused by Trusted Types before.
  await page.route('/', async (route) => {
    const response = await route.fetch();
    const html = await response.text();
    await route.fulfill({
      response,
      body: html.replace('</body>', '<script>injected = true</script></body>'),
    });
  });
  await page.goto('/');
  await expect.poll(() => page.evaluate(() => Reflect.get(window, 'refused'))).toMatch(/^script-src/);
  expect(await page.evaluate(() => 'injected' in window)).toBe(false);
});

test('Trusted Types are enforced: no text becomes HTML or the address of a script', async ({ page }) => {
  await page.goto('/');
  const outcome = await page.evaluate(() => {
    const attempt = (work: () => void) => {
      try {
        work();
        return 'done';
      } catch (error) {
        return (error as Error).name;
      }
    };
    const { trustedTypes } = window as unknown as {
      trustedTypes: { createPolicy(name: string, rules: object): void };
    };
    return {
      html: attempt(() => {
        document.createElement('div').innerHTML = '<img src="x">';
      }),
      script: attempt(() => {
        document.createElement('script').src = '/theme.js';
      }),
      // Neither of another name, nor a second one of a name that is allowed: the first is the bundler's, or
      // made here when the page has loaded no part yet.
      policies: ['other', 'nextjs#bundler', 'nextjs#bundler']
        .map((name) =>
          attempt(() => trustedTypes.createPolicy(name, { createScriptURL: (address: string) => address })),
        )
        .toSpliced(1, 1),
      // The control: what is not refused.
      text: attempt(() => {
        document.createElement('div').textContent = '<img src="x">';
      }),
    };
  });
  expect(outcome).toEqual({
    html: 'TypeError',
    script: 'TypeError',
    policies: ['TypeError', 'TypeError'],
    text: 'done',
  });
});

test('a page that something has changed before it works is drawn again, with Trusted Types', async ({
  page,
}) => {
  // As a translation of the browser or an extension does it.
  await page.route('**/login/', async (route) => {
    const response = await route.fetch();
    const html = await response.text();
    const body = html.replace(/<h1([^>]*)>[^<]*/, '<h1$1>Anmelden');
    expect(body).not.toBe(html);
    await route.fulfill({ response, body });
  });
  await page.goto('/login/');
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Sign in with GitHub' })).toBeVisible();
});
