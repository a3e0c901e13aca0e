import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { alias: { '@': import.meta.dirname } },
  oxc: { jsx: { runtime: 'automatic' } },
  test: {
    environment: 'jsdom',
    setupFiles: ['tests/units/setup.ts'],
    include: ['tests/units/**/*.test.{ts,tsx}'],
  },
});
