import type { Page } from '@playwright/test';

/** Durations of one kind, in milliseconds. */
export type Series = number[];

/** The value that `percent` of the measurements do not exceed (nearest rank). */
export function percentile(series: Series, percent: number): number {
  const sorted = [...series].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN;
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

/**
 * From an input event of a type to the frame that shows something, in milliseconds. `act` makes the input.
 */
export async function untilShown(
  page: Page,
  type: 'click' | 'keydown' | 'change',
  shown: Shown,
  act: () => Promise<unknown>,
): Promise<number> {
  const measured = page.evaluate(
    ([type, { present = [], absent = [] }]) =>
      new Promise<number>((resolve) => {
        const has = (selector: string) => document.querySelector(selector) !== null;
        const isShown = () => present.every(has) && !absent.some(has);
        const begin = (event: Event) => {
          const look = () => {
            if (isShown()) requestAnimationFrame((frame) => resolve(Math.max(0, frame - event.timeStamp)));
            else setTimeout(look);
          };
          look();
        };
        addEventListener(type, begin, { capture: true, once: true });
      }),
    [type, shown] as const,
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
