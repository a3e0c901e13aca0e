import type { LiveSync } from './live-sync';
import { setSettledSeq } from './settled-seq';

/**
 * How long events are collected before what they name is fetched, in milliseconds, with jitter, so that not
 * all pages of an organization ask in the same moment. What people change comes one by one and is shown soon.
 * What a program changes is collected for longer, once a page has fetched as often within `QUIET` as it would
 * by collecting for so long: it asks no more often for being quick.
 */
const COLLECT = { soon: { least: 5, most: 25 }, many: { least: 50, most: 250 } };
const QUIET = { fetches: 6, within: 1_000 };
/** Wait before a request that failed is sent again, in milliseconds. */
export const RETRY = 2_000;

/** Fetches what events name, after others have been collected for a moment. */
export function fetchLater(sync: Pick<LiveSync, 'fetch' | 'hasWanted' | 'lastSeq'>) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** The last fetches, the earliest first. */
  let fetched: number[] = [];
  function settle(): void {
    if (!sync.hasWanted()) setSettledSeq(sync.lastSeq());
  }
  function wait(): number {
    const now = performance.now();
    fetched = fetched.filter((at) => now - at < QUIET.within);
    const { least, most } = fetched.length < QUIET.fetches ? COLLECT.soon : COLLECT.many;
    return least + Math.random() * (most - least);
  }
  function flush(): void {
    // A page that nobody sees waits until somebody does.
    if (timer || document.hidden || !sync.hasWanted()) return;
    timer = setTimeout(() => {
      timer = undefined;
      fetched.push(performance.now());
      sync.fetch().then(settle, () => setTimeout(flush, RETRY));
    }, wait());
  }
  return { settle, flush, stop: () => clearTimeout(timer) };
}
