'use client';

/** Values of each day; null: the day has none. */
export type Series = { name: string; values: (number | null)[]; look: keyof typeof LOOKS };

/** Each is at least 3:1 on the page, in both themes; hollow and filled differ without their colours, too. */
const LOOKS = {
  hollow: 'fill-none stroke-control',
  green: 'fill-green stroke-green',
  violet: 'fill-violet stroke-violet',
} as const;

/** Units of the drawing for a day and for the height. */
const DAY = 12;
const HEIGHT = 100;

/**
 * Two series as bars, one pair a day. The picture has a name and a summary for screen readers; each number
 * is in the table that belongs to it.
 */
export function BarChart({
  title,
  summary,
  series,
  labels,
  format,
  isOverlaid = false,
}: {
  title: string;
  summary: string;
  series: Series[];
  labels: string[];
  format: (value: number) => string;
  /** The second series lies in the bar of the first, which is never smaller. */
  isOverlaid?: boolean;
}) {
  const top = Math.max(...series.flatMap(({ values }) => values.map((value) => value ?? 0))) || 1;
  return (
    <figure className="min-w-0">
      <figcaption>
        <h3 className="font-semibold">{title}</h3>
        <p className="text-muted">{summary}</p>
        <p className="flex flex-wrap items-center gap-x-4 text-xs">
          {series.map(({ name, look }) => (
            <span key={name} className="inline-flex items-center gap-1.5">
              <svg width="10" height="10" aria-hidden="true" strokeWidth="1.5">
                <rect x="1" y="1" width="8" height="8" className={LOOKS[look]} />
              </svg>
              {name}
            </span>
          ))}
          <span className="ml-auto text-muted">{format(top)}</span>
        </p>
      </figcaption>
      <svg
        viewBox={`0 0 ${labels.length * DAY} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title}. ${summary}`}
        className="h-24 w-full border-line border-y"
      >
        <path
          d={`M0 ${HEIGHT / 2}H${labels.length * DAY}`}
          className="stroke-line"
          vectorEffect="non-scaling-stroke"
        />
        {labels.map((label, day) => (
          <g key={label}>
            <title>
              {[label, ...series.map(({ name, values }) => `${name}: ${shown(values[day], format)}`)].join(
                '\n',
              )}
            </title>
            <rect x={day * DAY} width={DAY} height={HEIGHT} className="fill-transparent hover:fill-hover" />
            {series.map(({ name, values, look }, index) => {
              const height = ((values[day] ?? 0) / top) * (HEIGHT - 4);
              if (height === 0) return null;
              const x = day * DAY + (isOverlaid ? 3 : 1.5 + index * 5);
              return (
                <rect
                  key={name}
                  x={x}
                  y={HEIGHT - height}
                  width={isOverlaid ? 6 : 4}
                  height={height}
                  vectorEffect="non-scaling-stroke"
                  className={`pointer-events-none ${LOOKS[look]}`}
                />
              );
            })}
          </g>
        ))}
      </svg>
      <p aria-hidden="true" className="flex justify-between text-muted text-xs">
        <span>{labels[0]}</span>
        <span>{labels.at(-1)}</span>
      </p>
    </figure>
  );
}

function shown(value: number | null | undefined, format: (value: number) => string): string {
  return value == null ? '–' : format(value);
}
