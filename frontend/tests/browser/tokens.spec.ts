import { expect, test } from '@playwright/test';
import { create, row, saved, signIn } from './person';

test('a token is created, shown once, used by a program, and revoked', async ({ page, playwright }) => {
  await signIn(page, 'nora');
  await create(page, 'Count the lanterns');
  await expect(row(page, 'Count the lanterns')).toBeVisible();
  await saved(page);
  await page.goto('/settings/?tab=tokens');
  await page.getByRole('button', { name: 'New token' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('Report');
  await page.getByRole('button', { name: 'Create token' }).click();
  const token = await page.getByRole('textbox', { name: 'The new token' }).inputValue();
  expect(token).toMatch(/^miy_[0-9A-Za-z]{49}$/);
  await expect(page.getByText(`ends with ${token.slice(-4)} · never used`, { exact: false })).toBeVisible();

  const program = await playwright.request.newContext({
    baseURL: process.env.MIYABI_SITE_URL,
    extraHTTPHeaders: { authorization: `Bearer ${token}` },
  });
  const list = await program.get('/api/tasks');
  expect(list.status()).toBe(200);
  expect((await list.json()).items[0].title).toBe('Count the lanterns');
  expect((await program.post('/api/tasks', { data: { title: 'No' } })).status()).toBe(403);

  await page.reload();
  await expect(page.getByText(token)).toHaveCount(0);
  await expect(page.getByText(/last used/)).toBeVisible();
  await page.getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('alert').getByRole('button', { name: 'Revoke' }).click();
  await expect(page.getByText('Report was revoked')).toBeVisible();
  await expect.poll(async () => (await program.get('/api/tasks')).status()).toBe(401);
  await program.dispose();
});
