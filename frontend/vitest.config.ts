import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { alias: { '@': import.meta.dirname } },
  oxc: { jsx: { runtime: 'automatic' } },
  test: {
    environment: 'jsdom',
    setupFiles: ['tests/units/setup.ts'],
    // Finding by role is slow in jsdom, the more so on a machine with other work.
    testTimeout: 20_000,
    include: ['tests/units/**/*.test.{ts,tsx}'],
  },
});
