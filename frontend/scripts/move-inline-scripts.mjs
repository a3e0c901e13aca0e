// Moves each inline script of an export into a file of its own at the same place, so that one constant
// `script-src 'self'` serves every release: hashes of inline scripts would differ from release to release.
// Scripts that follow each other become one file, and one request. And puts the script of the theme before
// everything else: app/layout.tsx says why it is none of React's.
//
//   node scripts/move-inline-scripts.mjs out
//
// Fails when a page still has a script, a style or a handler that the policy would refuse.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const out = process.argv[2];
if (!out) {
  console.error('usage: node scripts/move-inline-scripts.mjs FOLDER');
  process.exit(2);
}

const INLINE = /<script((?:\s[^>]*)?)>([\s\S]*?)<\/script>/g;
const folder = join(out, '_next/static/inline');
mkdirSync(folder, { recursive: true });

/** The page with inline scripts that follow each other as one. */
function joined(html) {
  const inline = '<script>(?:(?!</script>)[\\s\\S])*</script>';
  return html.replace(new RegExp(`(?:${inline}){2,}`, 'g'), (group) => {
    const codes = [...group.matchAll(INLINE)].map(([, , code]) => code);
    return `<script>${codes.join(';\n')}</script>`;
  });
}

/** The page with every inline script replaced by a file that holds it. */
function moved(html) {
  return html.replace(INLINE, (script, attributes, code) => {
    if (/\ssrc=/.test(attributes) || code === '') return script;
    const name = `${createHash('sha256').update(code).digest('hex').slice(0, 16)}.js`;
    writeFileSync(join(folder, name), code);
    return `<script${attributes} src="/_next/static/inline/${name}"></script>`;
  });
}

/** The page with the script that sets the theme before anything is painted. */
function themed(html) {
  return html.replace('<head>', '<head><script src="/theme.js"></script>');
}

/** What the policy would still refuse. */
function refused(html) {
  const left = [];
  for (const [, attributes, code] of html.matchAll(INLINE)) {
    if (!/\ssrc=/.test(attributes) && code !== '') left.push('an inline script');
  }
  const markup = html.replace(INLINE, '');
  if (/<style[\s>]/.test(markup)) left.push('a <style>');
  if (/<[^>]+\sstyle="/.test(markup)) left.push('a style attribute');
  if (/<[^>]+\son[a-z]+="/.test(markup)) left.push('a handler attribute');
  return left;
}

let wrong = 0;
for (const name of readdirSync(out, { recursive: true })) {
  if (!name.endsWith('.html')) continue;
  const file = join(out, name);
  const html = themed(moved(joined(readFileSync(file, 'utf8'))));
  for (const what of refused(html)) {
    console.error(`${file}: the content security policy would refuse ${what}`);
    wrong += 1;
  }
  writeFileSync(file, html);
}
process.exit(wrong === 0 ? 0 : 1);
