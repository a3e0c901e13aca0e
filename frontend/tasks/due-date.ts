/**
 * The API has moments, people have days. A due day ends when the reader's day ends; it is stored as that
 * moment.
 */

/** The moment at which a day of the reader ends: `2026-11-27` to `2026-11-27T14:59:59.000Z` in Tokyo. */
export function endOfDay(day: string): string {
  return new Date(`${day}T23:59:59`).toISOString();
}

/** The reader's day of a moment: `2026-11-27`. */
export function dayOf(moment: string | Date): string {
  const date = new Date(moment);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** Today, some days later. */
export function dayAfter(days: number, now = new Date()): string {
  return dayOf(new Date(now.getFullYear(), now.getMonth(), now.getDate() + days));
}

/** The next day of the week after today; 0 is Sunday. */
export function nextWeekday(weekday: number, now = new Date()): string {
  return dayAfter(((weekday - now.getDay() + 6) % 7) + 1, now);
}

/** A due date as a row shows it: `Today`, `Fri`, `Nov 27`, `Nov 27, 2027`. */
export function shortDay(
  moment: string,
  language: string,
  words: { today: string; tomorrow: string },
): string {
  const day = dayOf(moment);
  if (day === dayAfter(0)) return words.today;
  if (day === dayAfter(1)) return words.tomorrow;
  const date = new Date(moment);
  const isThisYear = date.getFullYear() === new Date().getFullYear();
  const year = isThisYear ? undefined : 'numeric';
  return new Intl.DateTimeFormat(language, { month: 'short', day: 'numeric', year }).format(date);
}
