import type { Label } from './task';

/** The colour of a label, drawn so that no style attribute is needed. */
export function LabelDot({ color }: { color: string }) {
  return (
    <svg viewBox="0 0 8 8" width="8" height="8" aria-hidden="true" className="shrink-0">
      <circle cx="4" cy="4" r="3.5" fill={color} className="stroke-control" strokeWidth="0.5" />
    </svg>
  );
}

/** A label by its colour and its name. */
export function LabelChip({ label }: { label: Label }) {
  return (
    <span className="inline-flex h-5 max-w-32 shrink-0 items-center gap-1.5 rounded-full border border-line-strong px-2 text-muted text-xs">
      <LabelDot color={label.color} />
      <span className="truncate">{label.name}</span>
    </span>
  );
}
