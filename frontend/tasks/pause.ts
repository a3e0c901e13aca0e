/** Wait after a failure that is temporary, in milliseconds: doubled each time, with jitter. */
const WAIT = { first: 1_000, longest: 30_000 };

/** What a queue does after a failure that is temporary: it sends nothing for a while, then tries again. */
export class Pause {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;

  constructor(private readonly again: () => void) {}

  get isOn(): boolean {
    return this.timer !== undefined;
  }

  /** Begins it, unless it is on. */
  begin(): void {
    if (this.isOn) return;
    const longest = Math.min(WAIT.first * 2 ** this.failures, WAIT.longest);
    this.failures += 1;
    this.timer = setTimeout(() => this.end(), longest * (0.5 + Math.random() / 2));
  }

  /** Ends it and tries again: the network may be back. */
  end(): void {
    this.cancel();
    this.again();
  }

  /** Ends it, and nothing is tried again. */
  cancel(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** The next one is short: something was sent. */
  reset(): void {
    this.failures = 0;
  }
}
