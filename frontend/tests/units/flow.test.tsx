import { cleanup, render, screen, within } from '@testing-library/react';
import { SWRConfig } from 'swr';
import { afterEach, expect, test, vi } from 'vitest';
import { Flow } from '@/dashboard/Flow';
import { duration } from '@/dashboard/flow-format';
import { zoneOf } from '@/dashboard/use-flow';
import { problem, serve } from './server';

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const day = (day: string, created: number, completed: number, p50: number | null, p85: number | null) => ({
  day,
  created,
  completed,
  cycle_p50_h: p50,
  cycle_p85_h: p85,
});

function open(answer: Parameters<typeof serve>[0][string]) {
  const asked = serve({ 'GET /api/tasks/flow': answer });
  render(
    <SWRConfig value={{ provider: () => new Map(), shouldRetryOnError: false }}>
      <Flow />
    </SWRConfig>,
  );
  return asked;
}

test('both charts have a summary, and a table with each number', async () => {
  const asked = open({
    body: [
      day('2026-11-01', 4, 0, null, null),
      day('2026-11-02', 1, 3, 5.5, 72),
      day('2026-11-03', 0, 2, 0.5, 8),
    ],
  });
  await screen.findByRole('img', { name: 'Throughput. 5 created, 5 done.' });
  const cycle = screen.getByRole('img', { name: /^Cycle time\. / });
  // A bar for each value, in front of the area of each day.
  expect(cycle.querySelectorAll('rect')).toHaveLength(3 + 4);
  const rows = within(screen.getByRole('table', { hidden: true }))
    .getAllByRole('row', { hidden: true })
    .map((row) => [...row.children].map((cell) => cell.textContent));
  expect(rows.slice(1)).toEqual([
    ['Nov 3', '0', '2', '30 min', '8 hr'],
    ['Nov 2', '1', '3', '5.5 hr', '3 days'],
    ['Nov 1', '4', '0', '–', '–'],
  ]);
  const { searchParams } = new URL(asked.at(-1)?.request.slice(4) ?? '', 'http://x');
  expect(searchParams.get('tz')).toMatch(/^UTC$|\//);
});

test('days without tasks say so, days without work that ended too', async () => {
  open({ body: [day('2026-11-01', 0, 0, null, null)] });
  await screen.findByText('No task was created or done in this time.');
  expect(screen.queryByRole('img')).toBeNull();
  cleanup();
  open({ body: [day('2026-11-01', 1, 0, null, null)] });
  await screen.findByText('Nothing that was in progress became done in this time.');
  expect(screen.getAllByRole('img')).toHaveLength(1);
});

test('a failure can be tried again', async () => {
  let times = 0;
  open(() => (++times === 1 ? problem(403, 'missing_permission') : { body: [] }));
  (await screen.findByRole('button', { name: 'Try again' })).click();
  await screen.findByText('No task was created or done in this time.');
});

test('a time zone that the API does not know is UTC, and hours are read as people say them', () => {
  expect(
    ['Asia/Tokyo', 'America/Argentina/Buenos_Aires', '+09:00', 'Etc/GMT-9', undefined].map(zoneOf),
  ).toEqual(['Asia/Tokyo', 'America/Argentina/Buenos_Aires', 'UTC', 'UTC', 'UTC']);
  expect([0.25, 1, 47.9, 48, 480].map((hours) => duration(hours, 'en'))).toEqual([
    '15 min',
    '1 hr',
    '48 hr',
    '2 days',
    '20 days',
  ]);
  expect(duration(3, 'ja')).toBe('3 時間');
});
