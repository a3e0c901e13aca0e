import base from './playwright.config';

/** `npm run screenshots`: pictures of every page, in both themes and at both widths, in test-results/. */
export default { ...base, testDir: 'tests/screenshots' };
