const dates = new Map<string, Intl.DateTimeFormat>();
const spans = new Map<string, Intl.RelativeTimeFormat>();

/** A formatter of dates, made once: making one takes longer than drawing a row that needs it. */
export function dateFormat(language: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify([language, options]);
  const format = dates.get(key) ?? new Intl.DateTimeFormat(language, options);
  dates.set(key, format);
  return format;
}

/** A formatter of how long ago something was, made once. */
export function spanFormat(language: string): Intl.RelativeTimeFormat {
  const format = spans.get(language) ?? new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  spans.set(language, format);
  return format;
}
