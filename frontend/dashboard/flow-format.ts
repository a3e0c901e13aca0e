/** Hours as people read them: `40 min`, `5.5 hr`, `3 days`. */
export function duration(hours: number, language: string): string {
  const [value, unit] =
    hours < 1 ? [Math.round(hours * 60), 'minute'] : hours < 48 ? [hours, 'hour'] : [hours / 24, 'day'];
  const maximumFractionDigits = value < 10 ? 1 : 0;
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit,
    unitDisplay: 'short',
    maximumFractionDigits,
  }).format(value);
}

/** A day of the chart: `Nov 27`. In UTC at both ends, so that no time zone can move it. */
export function dayLabel(day: string, language: string): string {
  return new Intl.DateTimeFormat(language, { month: 'short', day: 'numeric', timeZone: 'UTC' }).format(
    new Date(day),
  );
}
