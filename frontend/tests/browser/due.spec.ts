import { expect, test } from '@playwright/test';
import { choose, create, open, row, signIn } from './person';

test('a due day is the same day in Tokyo and in Los Angeles, whoever set it', async ({ browser }) => {
  const pages = [];
  for (const timezoneId of ['Asia/Tokyo', 'America/Los_Angeles']) {
    const context = await browser.newContext({
      baseURL: process.env.MIYABI_SITE_URL,
      locale: 'en-US',
      reducedMotion: 'reduce',
      timezoneId,
    });
    const page = await context.newPage();
    await signIn(page, 'mallory');
    pages.push(page);
  }
  const [tokyo, angeles] = pages;
  if (!tokyo || !angeles) throw new Error('two pages');
  await create(tokyo, 'Open the gate ^2031-03-09');
  await create(angeles, 'Close the gate ^2031-11-02');
  for (const page of pages) {
    await page.reload();
    await expect(row(page, 'Open the gate')).toContainText('Mar 9, 2031');
    await expect(row(page, 'Close the gate')).toContainText('Nov 2, 2031');
  }
  // The picker begins with the same day.
  await open(angeles, 'Open the gate');
  await angeles.getByRole('complementary').getByRole('button', { name: /^Due/ }).click();
  await expect(angeles.getByRole('textbox', { name: 'Date' })).toHaveValue('2031-03-09');
  await angeles.getByRole('textbox', { name: 'Date' }).fill('2031-03-10');
  await angeles.getByRole('button', { name: 'Save' }).click();
  await expect(row(tokyo, 'Open the gate')).toContainText('Mar 10, 2031');
  await expect(row(tokyo, 'Open the gate').locator('time')).toHaveAttribute('datetime', '2031-03-10');
  await row(tokyo, 'Open the gate').getByRole('checkbox').check();
  await tokyo.keyboard.press('d');
  await choose(tokyo, 'No due date');
  await expect(row(tokyo, 'Open the gate').locator('time')).toHaveCount(0);
  await tokyo.keyboard.press('Control+z');
  await expect(row(tokyo, 'Open the gate')).toContainText('Mar 10, 2031');
  for (const page of pages) await page.context().close();
});
