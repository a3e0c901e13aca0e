// @vitest-environment node
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';

const OUT = join(import.meta.dirname, '../../out');
/** Most JavaScript that a page loads before it works, and that the site has in all, in bytes, gzipped. */
const FIRST_LOAD = 135_000;
const ALL = 260_000;

const size = (file: string) => gzipSync(readFileSync(join(OUT, file))).length;
const files = readdirSync(OUT, { recursive: true }).map(String);
const pages = files.filter((file) => file.endsWith('.html'));

/**
 * The scripts of a page. Not those for browsers that know no modules, and not the data of the page that
 * Next.js writes as scripts: it is a part of the page.
 */
function scripts(page: string): string[] {
  const html = readFileSync(join(OUT, page), 'utf8');
  return [...html.matchAll(/<script([^>]*)>/g)].flatMap(([, attributes]) => {
    const source = /src="([^"]+)"/.exec(attributes ?? '')?.[1];
    const isLoaded = source && !/nomodule/i.test(attributes ?? '') && !source.includes('/inline/');
    return isLoaded ? [source] : [];
  });
}

test.each(pages)('%s loads at most 135 kB of scripts first', (page) => {
  const total = [...new Set(scripts(page))].reduce((sum, source) => sum + size(source), 0);
  expect(total).toBeGreaterThan(50_000);
  expect(total).toBeLessThanOrEqual(FIRST_LOAD);
});

test('all scripts together are at most 260 kB', () => {
  // Next.js also writes its other router, which no page here loads.
  const unused = /static\/chunks\/(framework|main|polyfills)-[0-9a-f]{16}|static\/chunks\/pages\/|inline\//;
  const all = files.filter((file) => file.endsWith('.js') && !unused.test(file));
  for (const page of pages) for (const source of scripts(page)) expect(source, page).not.toMatch(unused);
  expect(all.reduce((sum, file) => sum + size(file), 0)).toBeLessThanOrEqual(ALL);
});

test('no page has what the content security policy refuses', () => {
  for (const page of pages) {
    const html = readFileSync(join(OUT, page), 'utf8');
    expect(html, page).not.toMatch(/<script(?![^>]*src=)[^>]*>[^<]/);
    expect(html, page).not.toMatch(/<style|<[^>]+\sstyle="/);
  }
});
