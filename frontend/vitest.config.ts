import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { alias: { '@': import.meta.dirname } },
  test: { environment: 'jsdom', include: ['tests/units/**/*.test.{ts,tsx}'] },
});
