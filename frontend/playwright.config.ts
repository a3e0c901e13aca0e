import { defineConfig } from '@playwright/test';

/**
 * Runs against a deployed stage: `cargo xtask test dashboard` deploys one and says where it is. By hand:
 *
 *   MIYABI_SITE_URL=http://127.0.0.1:4002 npm run test:browser
 */
export default defineConfig({
  testDir: 'tests/browser',
  outputDir: 'test-results',
  fullyParallel: false,
  // One browser at a time: the functions have the same two processors.
  workers: 1,
  // Deadlines, not measurements: other tests have the same processors.
  timeout: 180_000,
  expect: { timeout: 30_000 },
  // What failed comes first in what the step shows at its end.
  reporter: 'dot',
  use: {
    baseURL: process.env.MIYABI_SITE_URL,
    viewport: { width: 1440, height: 900 },
    locale: 'en-US',
    timezoneId: 'Asia/Tokyo',
    // What moves is not waited for.
    contextOptions: { reducedMotion: 'reduce' },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
      ],
    },
  },
});
