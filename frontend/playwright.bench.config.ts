import base from './playwright.config';

/** `cargo xtask bench dashboard`: what takes how long, in a real browser. */
export default { ...base, testDir: 'tests/bench', timeout: 1_200_000, expect: { timeout: 60_000 } };
