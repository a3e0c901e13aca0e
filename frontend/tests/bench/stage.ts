import { expect, type Page } from '@playwright/test';
import { keptSnapshot } from '../browser/kept';

/** Open tasks of the organization that is looked at. */
export const TASKS = Number(process.env.MIYABI_BENCH_TASKS ?? 5_000);
/** Scripted interactions; other measurements have a share of it. */
export const ROUNDS = Number(process.env.MIYABI_BENCH_ROUNDS ?? 200);
/** A line of the result. */
type Figure = { what: string; value: number; unit: string; limit: number; note: string };
export const figures: Figure[] = [];

/** Adds a line to the result. `limit`: the most that the value may be. */
export function figure(what: string, value: number, unit: string, limit: number, note = ''): void {
  figures.push({ what, value: Math.round(value * 100) / 100, unit, limit, note });
}

/** The share of the rounds for a measurement that has `n` of 200. */
export const some = (n: number) => Math.max(5, Math.round((n * ROUNDS) / 200));

/** Waits until the line below the list says that many tasks. */
export const shownCount = (page: Page, count: number) =>
  expect(page.locator('p[role=status]').filter({ hasText: new RegExp(`^${count} tasks$`) })).toBeVisible({
    timeout: 120_000,
  });

/** Waits until this page holds every task and the browser keeps them. */
export async function settled(page: Page): Promise<void> {
  await page.goto('/tasks/');
  await shownCount(page, TASKS);
  await expect.poll(async () => (await keptSnapshot(page))?.isWhole).toBe(true);
}
