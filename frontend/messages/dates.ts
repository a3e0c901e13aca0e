import { dateFormat, spanFormat } from './formats';
import type { Language } from './language';

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** How long ago a moment was: `3 hours ago`, `now`. */
export function ago(moment: string, language: Language, now = Date.now()): string {
  const seconds = (Date.parse(moment) - now) / 1000;
  const format = spanFormat(language);
  for (const [unit, length] of STEPS) {
    if (Math.abs(seconds) >= length) return format.format(Math.round(seconds / length), unit);
  }
  return format.format(0, 'second');
}

/** A moment in full, in the reader's time zone. */
export function moment(value: string, language: Language): string {
  return dateFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(value));
}
