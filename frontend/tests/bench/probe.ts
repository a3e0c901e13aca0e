import type { Page } from '@playwright/test';

/**
 * Figures come from the browser's own clocks and observers, inside the page: what the test runner sees is
 * polled, and an interception of requests turns the browser's cache off.
 */

/** Durations of one kind, in milliseconds. */
export type Series = number[];

/** The value that `percent` of the measurements do not exceed (nearest rank). Throws when there are none. */
export function percentile(series: Series, percent: number): number {
  const sorted = [...series].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)];
  if (value === undefined) throw new Error('nothing was measured');
  return value;
}

/**
 * Collects the Event Timing of the browser: for each interaction the longest of its events, from the input
 * to the next frame, in steps of 8 ms.
 */
export async function collectInteractions(page: Page): Promise<void> {
  await page.evaluate(() => {
    const store = window as typeof window & { interactions?: Map<number, number> };
    const found = new Map<number, number>();
    store.interactions = found;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { interactionId: number })[]) {
        if (!entry.interactionId) continue;
        found.set(entry.interactionId, Math.max(found.get(entry.interactionId) ?? 0, entry.duration));
      }
    }).observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit);
  });
}

/** What was collected. Interactions shorter than 16 ms are not reported by the browser: they count as 16. */
export async function interactions(page: Page, count: number): Promise<Series> {
  const found = await page.evaluate(() => {
    const store = window as typeof window & { interactions?: Map<number, number> };
    return [...(store.interactions?.values() ?? [])];
  });
  return [...found, ...Array(Math.max(0, count - found.length)).fill(16)];
}

/** What the document has when something is shown: selectors of what must and must not be there. */
export type Shown = { present?: string[]; absent?: string[] };

/** Has each page that is loaded from now on note when its first row was painted (Element Timing). */
export async function watchFirstRow(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const store = window as typeof window & { firstRow?: number };
    new MutationObserver((_, observer) => {
      const title = document.querySelector('[role=row] button.truncate');
      if (!title) return;
      title.setAttribute('elementtiming', 'first-row');
      observer.disconnect();
    }).observe(document, { childList: true, subtree: true });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { renderTime: number })[]) {
        store.firstRow ??= entry.renderTime;
      }
    }).observe({ type: 'element', buffered: true });
  });
}

/** When the first row was painted, in milliseconds after the navigation began. */
export async function firstRow(page: Page): Promise<number> {
  const shown = () => (window as typeof window & { firstRow?: number }).firstRow;
  const handle = await page.waitForFunction(shown, undefined, { timeout: GIVEN_UP });
  return (await handle.jsonValue()) ?? Number.NaN;
}

/** Has each page that is loaded from now on note when the line below the list first had a text. */
export async function watchCount(page: Page, text: string): Promise<void> {
  await page.addInitScript((text) => {
    const store = window as typeof window & { countShown?: number };
    new MutationObserver((_, observer) => {
      const lines = [...document.querySelectorAll('p[role=status]')];
      if (!lines.some((line) => line.textContent === text)) return;
      observer.disconnect();
      requestAnimationFrame(() => {
        store.countShown = performance.now();
      });
    }).observe(document, { childList: true, subtree: true, characterData: true });
  }, text);
}

/** When it had, in milliseconds after the navigation began. */
export async function countShown(page: Page): Promise<number> {
  const shown = () => (window as typeof window & { countShown?: number }).countShown;
  const handle = await page.waitForFunction(shown, undefined, { timeout: GIVEN_UP });
  return (await handle.jsonValue()) ?? Number.NaN;
}

/** How long something may take to be shown before the measurement is given up, in milliseconds. */
const GIVEN_UP = 30_000;

/**
 * From an input event of a type to the end of the frame that shows something, in milliseconds. `act` makes the
 * input.
 */
export async function untilShown(
  page: Page,
  type: 'click' | 'keydown' | 'change',
  shown: Shown,
  act: () => Promise<unknown>,
): Promise<number> {
  const measured = page.evaluate(
    ([type, { present = [], absent = [] }, givenUp]) =>
      new Promise<number>((resolve, reject) => {
        const what = `${type}: ${present.join()} without ${absent.join()}`;
        setTimeout(() => reject(new Error(`not shown after ${givenUp} ms: ${what}`)), givenUp);
        const has = (selector: string) => document.querySelector(selector) !== null;
        const isShown = () => present.every(has) && !absent.some(has);
        const begin = (event: Event) => {
          // Frame by frame; a message that is posted in a frame comes after it is painted.
          const look = () => {
            const isLast = isShown();
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = () => {
              port1.close();
              if (isLast) resolve(performance.now() - event.timeStamp);
            };
            port2.postMessage(null);
            if (!isLast) requestAnimationFrame(look);
          };
          requestAnimationFrame(look);
        };
        addEventListener(type, begin, { capture: true, once: true });
      }),
    [type, shown, GIVEN_UP] as const,
  );
  // The listener is there when the page has answered another request.
  await page.evaluate(() => {});
  await act();
  return measured;
}

/** Scrolls the list to its end and gives the share of frames over 25 ms, and the most rows at once. */
export async function scroll(page: Page, speed: number): Promise<{ slow: number; rows: number }> {
  return page.evaluate(
    (speed) =>
      new Promise<{ slow: number; rows: number }>((resolve) => {
        const list = document.getElementById('task-list');
        if (!list) throw new Error('no list');
        let rows = 0;
        let slow = 0;
        let frames = 0;
        let last = performance.now();
        const step = (now: number) => {
          const passed = now - last;
          last = now;
          frames += 1;
          if (passed > 25) slow += 1;
          rows = Math.max(rows, list.querySelectorAll('[role=row]').length);
          const before = list.scrollTop;
          list.scrollTop += (speed * passed) / 1000;
          if (list.scrollTop === before && frames > 5) resolve({ slow: slow / frames, rows });
          else requestAnimationFrame(step);
        };
        requestAnimationFrame(step);
      }),
    speed,
  );
}
