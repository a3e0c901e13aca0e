import type { ClientMessage } from './protocol';

/** Shortest time between two messages that the server takes, in milliseconds, with some to spare. */
const EVERY = 5_500;
/** The server forgets somebody after 30 seconds. */
const RENEW = 20_000;

let place: string | null = null;
let moved: () => void = () => {};

/** Says which task this page shows; null: none. */
export function lookAt(task: string | null): void {
  place = task && `task:${task}`;
  moved();
}

/** Tells others where the reader is, as long as the page is seen. `say` gives false without a connection. */
export function beginPresence(say: (message: ClientMessage) => boolean): {
  /** After a connection: the server knows nothing of the one before. */
  renew: () => void;
  end: () => void;
} {
  let said: string | null = null;
  let saidAt = Number.NEGATIVE_INFINITY;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function tell(): void {
    clearTimeout(timer);
    const now = document.hidden ? null : place;
    const isDue = now !== said || (now !== null && Date.now() - saidAt >= RENEW);
    const wait = saidAt + EVERY - Date.now();
    if (isDue && wait > 0) {
      timer = setTimeout(tell, wait);
      return;
    }
    if (isDue && say({ type: 'presence', at: now })) {
      said = now;
      saidAt = Date.now();
    }
    if (now !== null) timer = setTimeout(tell, RENEW);
  }

  moved = tell;
  document.addEventListener('visibilitychange', tell);
  return {
    renew() {
      said = null;
      tell();
    },
    end() {
      clearTimeout(timer);
      moved = () => {};
      document.removeEventListener('visibilitychange', tell);
    },
  };
}
