import { TABS } from '../../settings/tabs';

/** Pages for everybody. */
export const OPEN = ['/', '/login/', '/join/', '/auth/callback/?error=bad_state', '/does-not-exist/'];
/** Pages for people who are signed in. */
export const SIGNED_IN = [
  '/tasks/',
  '/tasks/?view=board',
  '/inbox/',
  '/inbox/?show=archived',
  '/dashboard/',
  '/activity/',
  '/trash/',
  '/settings/',
  ...TABS.slice(1).map((tab) => `/settings/?tab=${tab}`),
];

/** What scrolls sideways and is not meant to, as `overflow-x-auto` says. */
export function wideElements(): string[] {
  return [...document.querySelectorAll('*')]
    .filter((element) => {
      const { overflowX } = getComputedStyle(element);
      const scrolls = element === document.documentElement || ['auto', 'scroll'].includes(overflowX);
      const isMeant = element.classList.contains('overflow-x-auto');
      return scrolls && !isMeant && element.scrollWidth > element.clientWidth;
    })
    .map((element) => `${element.tagName} ${element.className}`);
}
