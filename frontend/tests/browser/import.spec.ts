import { expect, test } from '@playwright/test';
import { row, signIn } from './person';

const CSV = `Summary,Issue key,Status,Priority,Labels
"Prune, carefully",GARDEN-1,In Progress,Highest,autumn
苔の水やり,GARDEN-2,Done,Low,autumn;moss
`;

test('a file is imported once, however often it is repeated', async ({ page }) => {
  await signIn(page, 'dave');
  await page.goto('/settings/?tab=import');
  const file = page.getByLabel('File', { exact: true });
  await file.setInputFiles({ name: 'garden.csv', mimeType: 'text/csv', buffer: Buffer.from(CSV) });
  await expect(page.getByText('The first 2 of 2 tasks').first()).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Name of the source' })).toHaveValue('csv:garden');
  await page.getByRole('button', { name: 'Import 2 tasks' }).click();
  await expect(page.getByText('2 imported, 0 were here already.')).toBeVisible();
  await page.getByRole('button', { name: 'Import 2 tasks' }).click();
  await expect(page.getByText('0 imported, 2 were here already.')).toBeVisible();
  await page.getByRole('link', { name: 'Show the tasks' }).click();
  const pruned = row(page, 'Prune, carefully');
  await expect(pruned).toHaveCount(1);
  await expect(pruned.getByRole('button', { name: 'Priority: Urgent' })).toBeVisible();
  await expect(pruned).toContainText('autumn');
  await expect(row(page, '苔の水やり').getByRole('button', { name: 'Status: Done' })).toBeVisible();
});
