/**
 * The last event whose tasks this page has, for what is kept for the next visit: it catches up from there.
 * null: not known yet.
 */
let settled: number | null = null;

/** Sets it, when nothing that an event named is missing. */
export function setSettledSeq(seq: number | null): void {
  settled = seq;
}

/** The last event that is complete here. */
export function settledSeq(): number | null {
  return settled;
}
