import { readFile } from 'node:fs/promises';
import { expect, test } from '@playwright/test';
import { anotherBrowser, row, signIn } from './person';

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

/** Two tasks of an organization, one of them above the other. */
const EXPORT = [
  { table: 'organization', row: { id: '0198c0de-0000-7000-8000-000000000001', name: 'Moss' } },
  { table: 'members', row: { user_id: 'u1', login: 'dave' } },
  { table: 'labels', row: { id: 'l1', name: 'moss' } },
  { table: 'projects', row: { id: 'p1', name: 'Tea garden' } },
  {
    table: 'tasks',
    row: {
      id: '0198c0de-0000-7000-8000-000000000003',
      title: '石を洗う',
      status: 'completed',
      priority: 'p0',
      parent_id: '0198c0de-0000-7000-8000-000000000002',
    },
  },
  {
    table: 'tasks',
    row: {
      id: '0198c0de-0000-7000-8000-000000000002',
      title: 'Lay the stepping stones',
      status: 'in_progress',
      priority: 'p1',
      assignee_id: 'u1',
      project_id: 'p1',
      label_ids: ['l1'],
      due_on: '2030-01-02',
    },
  },
];

test('an export of this application is imported once, with its sub-tasks, projects and people', async ({
  page,
}) => {
  await signIn(page, 'dave');
  await page.goto('/settings/?tab=import');
  const buffer = Buffer.from(EXPORT.map((line) => JSON.stringify(line)).join('\n'));
  await page
    .getByLabel('File', { exact: true })
    .setInputFiles({ name: 'moss.ndjson', mimeType: 'application/x-ndjson', buffer });
  await page.getByRole('button', { name: 'Import 2 tasks' }).click();
  await expect(page.getByText('2 imported, 0 were here already.')).toBeVisible();
  await page.getByRole('button', { name: 'Import 2 tasks' }).click();
  await expect(page.getByText('0 imported, 2 were here already.')).toBeVisible();
  await page.getByRole('link', { name: 'Show the tasks' }).click();
  const stones = row(page, 'Lay the stepping stones');
  await expect(stones).toHaveCount(1);
  await expect(stones.getByRole('button', { name: /^Assignee: Dave/ })).toBeVisible();
  await expect(stones).toContainText('moss');
  await expect(stones.getByRole('img', { name: '1 of 1 sub-tasks done' })).toBeVisible();
  await page.goto('/tasks/?view=board');
  await expect(page.getByRole('img', { name: '1 of 1 sub-tasks done' })).toBeVisible();
});

test('what is exported can be imported elsewhere, and nothing comes twice where it is from', async ({
  page,
  context,
}) => {
  await signIn(page, 'dave');
  await page.goto('/settings/?tab=import');
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the export' }).click();
  const buffer = await readFile(await (await saved).path());
  const lines = buffer.toString().trim().split('\n');
  const count = lines.filter((line) => line.includes('"table":"tasks"')).length;
  expect(count).toBeGreaterThan(0);
  const file = { name: 'own.ndjson', mimeType: 'application/x-ndjson', buffer };
  await page.getByLabel('File', { exact: true }).setInputFiles(file);
  await page.getByRole('button', { name: /^Import \d+ task/ }).click();
  await expect(page.getByText(`0 imported, ${count} were here already.`)).toBeVisible();

  const other = await anotherBrowser(context, 'walter');
  await other.goto('/settings/?tab=import');
  for (const [created, skipped] of [
    [count, 0],
    [0, count],
  ]) {
    await other.getByLabel('File', { exact: true }).setInputFiles(file);
    await other.getByRole('button', { name: /^Import \d+ task/ }).click();
    await expect(other.getByText(`${created} imported, ${skipped} were here already.`)).toBeVisible();
  }
  await other.context().close();
});
