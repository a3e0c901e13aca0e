/** Most characters of a title, as the server allows. */
export const LONGEST_TITLE = 200;
/** With fewer characters left than this, they are counted. */
const NEAR = 20;

/**
 * Characters of a title as the server counts them: code points in composed form, without white space at the
 * ends. A field's own `maxLength` counts UTF-16 units, and cuts off what is pasted without a word.
 */
export function titleLength(title: string): number {
  return [...title.trim().normalize('NFC')].length;
}

/** Whether the server would refuse a title for its length. */
export function isTooLong(title: string): boolean {
  return titleLength(title) > LONGEST_TITLE;
}

/** Whether a title is so long that its characters are counted. */
export function isCounted(title: string): boolean {
  return titleLength(title) > LONGEST_TITLE - NEAR;
}
