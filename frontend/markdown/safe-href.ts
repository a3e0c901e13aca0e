/** Where a link of a text may lead. */
const SCHEMES = new Set(['https:', 'http:', 'mailto:']);

/**
 * The address of a link that somebody wrote, as the browser reads it; null when it must not be one. The
 * browser's own parser decides, which drops tabs and line breaks inside of `javascript:` as a click would.
 */
export function safeHref(target: string): string | null {
  try {
    const { protocol, href } = new URL(target);
    return SCHEMES.has(protocol) ? href : null;
  } catch {
    // Without a scheme it would lead into this site, to whatever the author likes.
    return null;
  }
}
