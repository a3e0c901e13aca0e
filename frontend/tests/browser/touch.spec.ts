import { expect, type Page, test } from '@playwright/test';
import { SIGNED_IN, wideElements } from './every-page';
import { create, failOnErrors, row, saved, signIn } from './person';

test.use({ hasTouch: true, isMobile: true, viewport: { width: 360, height: 740 } });

/** Presses what has a finger's size, with a finger. */
async function tap(page: Page, name: string | RegExp): Promise<void> {
  const button = page.getByRole('button', { name, exact: true });
  const box = await button.boundingBox();
  expect(Math.min(box?.width ?? 0, box?.height ?? 0), `${name}`).toBeGreaterThanOrEqual(44);
  await button.tap();
}

/** Chooses an option of the dialog that opened. */
async function pick(page: Page, name: string): Promise<void> {
  await page.getByRole('option', { name, exact: true }).tap();
  await expect(page.getByRole('dialog')).toHaveCount(0);
}

const titles = (page: Page, status: string) =>
  page.getByRole('region', { name: new RegExp(`^${status},`) }).locator('[id^=card-]');

/** The column that a person sees: the only one with its heading on the screen. */
async function seen(page: Page): Promise<string[]> {
  return page.locator('#task-list > section').evaluateAll((columns) =>
    columns
      .filter((column) => {
        const { left, right } = column.getBoundingClientRect();
        return left >= -1 && right <= innerWidth + 1;
      })
      .map((column) => column.getAttribute('aria-label') ?? ''),
  );
}

/** A finger that moves to the left or the right, as fast as a person's. */
async function swipe(page: Page, from: { x: number; y: number }, to: number): Promise<void> {
  const client = await page.context().newCDPSession(page);
  const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', x?: number) =>
    client.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: x === undefined ? [] : [{ x, y: from.y }],
    });
  await send('touchStart', from.x);
  for (let x = from.x; x > to; x -= 10) await send('touchMove', x);
  await send('touchEnd');
}

test.beforeEach(async ({ page }) => {
  await signIn(page, 'dave');
  await page.goto('/settings/?tab=organization');
  await page.getByRole('textbox', { name: 'Name of the new organization' }).fill('Pocket garden');
  await page.getByRole('button', { name: 'New organization' }).tap();
  await page.waitForURL(/\/tasks\//);
  for (const title of ['Rake', 'Prune', 'Water']) await create(page, title);
  await saved(page);
});

test('on a phone a card changes its column and its place in it by taps alone', async ({ page }) => {
  const errors = failOnErrors(page);
  await page.goto('/tasks/?view=board&sort=rank');
  // A new task comes last.
  await expect(titles(page, 'To do')).toHaveText(['Rake', 'Prune', 'Water']);
  await expect.poll(() => seen(page)).toEqual(['To do, 3 tasks']);

  await tap(page, 'Move to: Water');
  await pick(page, 'To the top');
  await expect(titles(page, 'To do')).toHaveText(['Water', 'Rake', 'Prune']);
  await tap(page, 'Move to: Rake');
  await pick(page, 'Down');
  await expect(titles(page, 'To do')).toHaveText(['Water', 'Prune', 'Rake']);
  // It is the first: only what leads somewhere is offered.
  await tap(page, 'Move to: Water');
  await expect(page.getByRole('dialog').getByRole('option')).toHaveText([
    'In progress',
    'Done',
    'Cancelled',
    'Down',
    'To the end',
  ]);
  await pick(page, 'In progress');
  await expect(titles(page, 'In progress')).toHaveText(['Water']);
  await expect(titles(page, 'To do')).toHaveText(['Prune', 'Rake']);

  await saved(page);
  await page.reload();
  await expect(titles(page, 'To do')).toHaveText(['Prune', 'Rake']);
  await expect(titles(page, 'In progress')).toHaveText(['Water']);
  expect(errors).toEqual([]);
});

test('a finger on the board scrolls from column to column, and drags no card along', async ({ page }) => {
  await page.goto('/tasks/?view=board&sort=rank');
  await expect(titles(page, 'To do')).toHaveText(['Rake', 'Prune', 'Water']);
  const from = await page.getByRole('button', { name: 'Rake', exact: true }).boundingBox();
  if (!from) throw new Error('no card');
  await swipe(page, { x: 320, y: from.y + 10 }, 40);
  await expect.poll(() => seen(page)).toEqual(['In progress, 0 tasks']);
  await expect(titles(page, 'To do')).toHaveText(['Rake', 'Prune', 'Water']);
});

test('on a phone a row of the list changes its place by taps alone', async ({ page }) => {
  await page.goto('/tasks/');
  await expect(page.getByRole('row')).toHaveCount(3);
  await expect(page.getByRole('button', { name: 'Move: Water' })).toHaveCount(0);
  await tap(page, 'Filter');
  await page.getByRole('combobox', { name: 'Sort' }).selectOption({ label: 'Manual order' });
  await expect(page.getByRole('row')).toContainText(['Rake', 'Prune', 'Water']);
  await tap(page, 'Move: Water');
  await pick(page, 'Up');
  await expect(page.getByRole('row')).toContainText(['Rake', 'Water', 'Prune']);
  await saved(page);
  await page.reload();
  await expect(row(page, 'Rake')).toBeVisible();
  await expect(page.getByRole('row')).toContainText(['Rake', 'Water', 'Prune']);
});

test('on a phone projects and views change their places by taps alone', async ({ page }) => {
  await page.goto('/settings/?tab=projects');
  for (const name of ['Pond', 'Gate']) {
    await page.getByRole('button', { name: 'New project' }).tap();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name);
    await page.getByRole('button', { name: 'Create project' }).tap();
    await expect(page.getByRole('textbox', { name: `Name of ${name}` })).toBeVisible();
  }
  await tap(page, 'Move Gate up');
  const names = page.getByRole('textbox', { name: /^Name of/ });
  await expect(names.first()).toHaveValue('Gate');
  await tap(page, 'Move Gate down');
  await expect(names.first()).toHaveValue('Pond');

  const dialog = page.getByRole('dialog', { name: 'Views' });
  for (const [name, filter] of [
    ['Weeds', 'p0'],
    ['Seeds', 'p3'],
  ] as const) {
    await page.goto(`/tasks/?priority=${filter}`);
    await tap(page, 'Views');
    await dialog.getByRole('textbox', { name: 'Name' }).fill(name);
    await dialog.getByRole('button', { name: 'Save view' }).tap();
    await expect(dialog).toHaveCount(0);
  }
  await tap(page, 'Views');
  const views = dialog.getByRole('listitem').getByRole('link');
  await expect(views).toHaveText(['Weeds', 'Seeds']);
  await expect(page.getByRole('button', { name: 'Move Weeds up' })).toBeDisabled();
  await tap(page, 'Move Seeds up');
  await expect(views).toHaveText(['Seeds', 'Weeds']);
  await views.first().tap();
  await expect(page).toHaveURL(/priority=p3/);
});

test("with targets of a finger's size, every page and an open task fit 360 px", async ({ page }) => {
  for (const path of SIGNED_IN) {
    await page.goto(path);
    await expect(page.locator('h1').first()).toBeAttached();
    await expect(page.getByRole('status', { name: 'Loading' })).toHaveCount(0);
    expect(await page.evaluate(wideElements), path).toEqual([]);
    expect(await page.evaluate(() => innerWidth), path).toBe(360);
  }
  await page.goto('/tasks/');
  await page.getByRole('button', { name: 'Rake', exact: true }).tap();
  const task = page.getByRole('complementary', { name: 'Task' });
  await expect(task.getByRole('textbox', { name: 'Description' })).toBeVisible();
  const close = await task.getByRole('button', { name: 'Close the task' }).boundingBox();
  expect((close?.x ?? 360) + (close?.width ?? 0)).toBeLessThanOrEqual(360);
  expect(await page.evaluate(() => innerWidth)).toBe(360);
  await task.getByRole('button', { name: /^Assignee/ }).tap();
  const dialog = await page.getByRole('dialog').boundingBox();
  expect([(dialog?.x ?? -1) >= 0, (dialog?.x ?? 0) + (dialog?.width ?? 0) <= 360]).toEqual([true, true]);
  await page.keyboard.press('Escape');
  await tap(page, 'Close the task');
  await expect(page.getByRole('grid')).toBeVisible();
});
