/** Eight rows without content; they appear after 150 ms, so that a quick answer does not flicker. */
export function SkeletonRows({ label }: { label: string }) {
  return (
    <div role="status" aria-label={label} className="delayed">
      {[44, 61, 38, 70, 52, 33, 58, 47].map((width) => (
        <div key={width} className="flex h-9 items-center gap-3 border-line border-b px-4">
          <span className="size-4 rounded-full bg-hover" />
          <svg height="10" width={`${width}%`} aria-hidden="true">
            <rect width="100%" height="10" rx="3" className="fill-hover" />
          </svg>
        </div>
      ))}
    </div>
  );
}
