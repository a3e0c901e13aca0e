/** The longest that a busy page puts such work off, in milliseconds. */
const LONGEST = 2_000;

/** Does something when the page has nothing better to do: not while somebody types or the first rows are drawn. */
export function whenIdle(work: () => void, timeout = LONGEST): void {
  if ('requestIdleCallback' in window) requestIdleCallback(work, { timeout });
  // A browser that does not say when it is.
  else setTimeout(work);
}
