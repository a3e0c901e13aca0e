import { afterPaint } from './after-paint';

type Waiting = { search: string; set: () => void; stop: () => void };

/** A change of the address that waits for the frame which shows what it names. */
let waiting: Waiting | null = null;
/** What people do next finds the address changed. */
const INPUTS = ['keydown', 'pointerdown', 'click'] as const;

function settle(): void {
  if (!waiting) return;
  const { set, stop } = waiting;
  waiting = null;
  stop();
  for (const input of INPUTS) removeEventListener(input, settle, { capture: true });
  set();
}

/** The query of the address, also of one that is set in the next moment. */
export function addressQuery(): URLSearchParams {
  return new URLSearchParams(waiting?.search ?? location.search);
}

/**
 * Sets the query of the address after the next frame, or before the next input. Next.js draws the page again
 * with each new address, in the task of the input that set it: what is shown ahead of the router would come a
 * frame later.
 */
export function setAddressQuery(search: string, how: 'push' | 'replace'): void {
  settle();
  const url = `${location.pathname}${search}`;
  const set = () => {
    if (how === 'push') history.pushState(null, '', url);
    else history.replaceState(null, '', url);
  };
  waiting = { search, set, stop: afterPaint(settle) };
  for (const input of INPUTS) addEventListener(input, settle, { capture: true });
}
