import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium, test } from '@playwright/test';
import { signIn } from '../browser/person';

/** The program, of xtask/tools/lighthouse. */
const LIGHTHOUSE = process.env.MIYABI_LIGHTHOUSE;
const PAGES = ['/', '/dashboard/'];
/** Points that may be missing to 100. */
const LIMITS: Record<string, number> = {
  performance: 5,
  accessibility: 0,
  'best-practices': 0,
  seo: 0,
};

type Report = {
  categories: Record<string, { score: number | null; auditRefs: { id: string; weight: number }[] }>;
  audits: Record<string, { score: number | null }>;
};

/** Runs of each page, of which the one with the median of the performance counts. */
const RUNS = 3;

const pointsOf = (report: Report, category: string) => {
  const { score = null } = report.categories[category] ?? {};
  return score === null ? 0 : Math.round(score * 100);
};

async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

test('the scores that Lighthouse gives the pages, as on a phone', async ({ baseURL, launchOptions }) => {
  test.skip(!LIGHTHOUSE, 'MIYABI_LIGHTHOUSE names the program');
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'miyabi-lighthouse-'));
  // Lighthouse opens a tab of its own in the browser's default context, which has to have the session.
  const context = await chromium.launchPersistentContext(join(folder, 'profile'), {
    ...launchOptions,
    baseURL,
    args: [...(launchOptions.args ?? []), `--remote-debugging-port=${port}`],
  });
  const figures = [];
  try {
    await signIn(await context.newPage(), 'walter');
    for (const path of PAGES) {
      const output = join(folder, 'report.json');
      const reports: Report[] = [];
      for (let run = 0; run < RUNS; run += 1) {
        await promisify(execFile)(
          LIGHTHOUSE ?? '',
          [
            `${baseURL}${path}`,
            `--port=${port}`,
            '--disable-storage-reset',
            '--quiet',
            '--output=json',
            `--output-path=${output}`,
            `--only-categories=${Object.keys(LIMITS).join()}`,
          ],
          { timeout: 240_000 },
        );
        reports.push(JSON.parse(readFileSync(output, 'utf8')));
      }
      reports.sort((a, b) => pointsOf(a, 'performance') - pointsOf(b, 'performance'));
      const report = reports[Math.floor(RUNS / 2)] as Report;
      for (const [category, limit] of Object.entries(LIMITS)) {
        const { auditRefs = [] } = report.categories[category] ?? {};
        const isMissed = ({ id, weight }: { id: string; weight: number }) =>
          weight > 0 && (report.audits[id]?.score ?? 1) < 1;
        figures.push({
          what: `Lighthouse, ${path}, ${category}: points missing to 100`,
          value: 100 - pointsOf(report, category),
          unit: '',
          limit,
          note: auditRefs
            .filter(isMissed)
            .map(({ id }) => id)
            .join(', '),
        });
      }
    }
  } finally {
    await context.close();
    rmSync(folder, { recursive: true, force: true });
  }
  const path = process.env.MIYABI_BENCH_RESULT;
  if (path) writeFileSync(path, JSON.stringify(figures));
  else console.table(figures);
});
