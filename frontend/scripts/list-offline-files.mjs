// Writes into the service worker of an export which files it keeps: pages with what the router reads for them,
// scripts and styles. Fonts and the rest are kept when they are first used.
//
//   node scripts/list-offline-files.mjs out
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';

const out = process.argv[2];
if (!out) {
  console.error('usage: node scripts/list-offline-files.mjs FOLDER');
  process.exit(2);
}

const files = readdirSync(out, { recursive: true })
  .map((name) => name.split(sep).join('/'))
  .filter((name) => /\.(?:html|txt|js|css)$/.test(name) && name !== 'sw.js' && !name.startsWith('404'))
  .sort();
const hash = createHash('sha256');
for (const name of files) hash.update(name).update(readFileSync(join(out, name)));
const build = hash.digest('hex').slice(0, 16);
// `tasks/index.html` is served as `/tasks/`.
const addresses = files.map((name) => `/${name.replace(/index\.html$/, '')}`);

const worker = join(out, 'sw.js');
const head = `const BUILD = '${build}';\nconst FILES = ${JSON.stringify(addresses)};\n`;
writeFileSync(worker, head + readFileSync(worker, 'utf8'));
