import { expect, type Page, test } from '@playwright/test';
import { anotherBrowser, create, failOnErrors, live, saved, signIn } from './person';

const cards = (page: Page, status: string) =>
  page.getByRole('region', { name: new RegExp(`^${status},`) }).locator('[id^=card-]');
const said = (page: Page) =>
  page.getByRole('status').filter({ hasText: /: (\d+ of \d+|In progress|To do)$/ });

/** An organization with tasks of a test's own, in the order in which they were created. */
async function garden(page: Page, name: string, titles: string[]): Promise<void> {
  await signIn(page, 'carol');
  await page.goto('/settings/?tab=organization');
  await page.getByRole('textbox', { name: 'Name of the new organization' }).fill(name);
  await page.getByRole('button', { name: 'New organization' }).click();
  await page.waitForURL(/\/tasks\//);
  for (const title of titles) await create(page, title);
  await saved(page);
}

test('the order of a list is changed by keys, undone, and the same in another browser', async ({
  page,
  context,
}) => {
  const errors = failOnErrors(page);
  await garden(page, 'Ordered list', ['Moss', 'Stone', 'Lamp']);
  const rows = page.getByRole('row');
  await page.keyboard.press('j');
  await page.keyboard.press('Alt+ArrowDown');
  // In another order there is no place to move to, and the page says which one has.
  await expect(page.getByText('Tasks are moved up and down in the sort “Manual order”.')).toBeVisible();
  await expect(rows).toContainText(['Lamp', 'Stone', 'Moss']);

  await page.goto('/tasks/?sort=rank');
  await expect(rows).toContainText(['Moss', 'Stone', 'Lamp']);
  await live(page);
  const other = await anotherBrowser(context, 'carol');
  await other.goto('/tasks/?sort=rank');
  await expect(other.getByRole('row')).toContainText(['Moss', 'Stone', 'Lamp']);
  await live(other);

  await page.keyboard.press('j');
  await page.keyboard.press('Alt+ArrowDown');
  await expect(said(page)).toHaveText('Moss: 2 of 3');
  await page.keyboard.press('Alt+ArrowDown');
  await expect(rows).toContainText(['Stone', 'Lamp', 'Moss']);
  await expect(said(page)).toHaveText('Moss: 3 of 3');
  await expect(page.locator('[data-active=true]')).toContainText('Moss');
  await expect(other.getByRole('row')).toContainText(['Stone', 'Lamp', 'Moss']);
  await page.keyboard.press('Control+z');
  await expect(rows).toContainText(['Stone', 'Moss', 'Lamp']);
  await expect(other.getByRole('row')).toContainText(['Stone', 'Moss', 'Lamp']);
  await saved(page);
  await page.reload();
  await expect(rows).toContainText(['Stone', 'Moss', 'Lamp']);
  expect(errors).toEqual([]);
  await other.context().close();
});

test('arrows go between the cards and columns of a board and move them, and the focus goes along', async ({
  page,
}) => {
  await garden(page, 'Ordered board', ['Moss', 'Stone', 'Lamp']);
  await page.goto('/tasks/?view=board&sort=rank');
  const focused = page.locator('[id^=card-]:focus');
  await expect(cards(page, 'To do')).toHaveText(['Moss', 'Stone', 'Lamp']);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expect(focused).toHaveText('Stone');
  await page.keyboard.press('Alt+ArrowUp');
  await expect(cards(page, 'To do')).toHaveText(['Stone', 'Moss', 'Lamp']);
  await expect(said(page)).toHaveText('Stone: 1 of 3');
  await expect(focused).toHaveText('Stone');
  await page.keyboard.press('Alt+ArrowRight');
  await expect(cards(page, 'In progress')).toHaveText(['Stone']);
  await expect(said(page)).toHaveText('Stone: In progress');
  await expect(focused).toHaveText('Stone');
  await page.keyboard.press('ArrowLeft');
  await expect(focused).toHaveText('Moss');
  await page.keyboard.press('ArrowDown');
  await expect(focused).toHaveText('Lamp');
  // Downwards from the last card: the first one of the next column.
  await page.keyboard.press('ArrowDown');
  await expect(focused).toHaveText('Stone');
  await saved(page);
  await page.reload();
  await expect(cards(page, 'To do')).toHaveText(['Moss', 'Lamp']);
});

test('a card is dragged to a place, in its column and in another one', async ({ page }) => {
  await garden(page, 'Dragged board', ['Moss', 'Stone', 'Lamp']);
  await page.goto('/tasks/?view=board&sort=rank');
  await expect(cards(page, 'To do')).toHaveText(['Moss', 'Stone', 'Lamp']);
  const card = (title: string) => page.locator('li[data-card]').filter({ hasText: title });
  await card('Lamp').dragTo(card('Moss'), { targetPosition: { x: 30, y: 4 } });
  await expect(cards(page, 'To do')).toHaveText(['Lamp', 'Moss', 'Stone']);
  await card('Moss').dragTo(page.getByRole('region', { name: /^In progress,/ }));
  await expect(cards(page, 'In progress')).toHaveText(['Moss']);
  await card('Stone').dragTo(card('Moss'), { targetPosition: { x: 30, y: 4 } });
  await expect(cards(page, 'In progress')).toHaveText(['Stone', 'Moss']);
  await saved(page);
  await page.reload();
  await expect(cards(page, 'In progress')).toHaveText(['Stone', 'Moss']);
  await expect(cards(page, 'To do')).toHaveText(['Lamp']);
  // Where it cannot go, it does not go.
  await card('Lamp').dragTo(page.getByRole('region', { name: /^Failed,/ }));
  await expect(cards(page, 'To do')).toHaveText(['Lamp']);
});
