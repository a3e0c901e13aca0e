/** A part of a text; lines of text in it are read by `parseInlines`. */
export type Block =
  | { kind: 'paragraph'; text: string }
  | { kind: 'heading'; level: number; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'rule' }
  | { kind: 'quote'; blocks: Block[] }
  | { kind: 'list'; start: number | null; items: Item[] };
export type Item = { isDone: boolean | null; blocks: Block[] };

/** Most quotes and lists inside each other; more are text. */
const DEEPEST = 8;

const FENCE = /^ {0,3}(`{3,}|~{3,})[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t](.*))?$/;
const UNDERLINE = /^ {0,3}(=+|-+)[ \t]*$/;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( *)([-*+]|\d{1,9}[.)])(?:[ \t]+(.*))?$/;

/** Reads the blocks of a text in Markdown. HTML is not known to it: it is a paragraph. */
export function parseBlocks(text: string): Block[] {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  return blocksOf(
    lines.map((line) => line.replace(/^\t+/, (tabs) => '    '.repeat(tabs.length))),
    0,
  );
}

function blocksOf(lines: string[], depth: number): Block[] {
  const blocks: Block[] = [];
  let paragraph: string[] = [];
  function end(): void {
    if (paragraph.length > 0) blocks.push({ kind: 'paragraph', text: paragraph.join('\n') });
    paragraph = [];
  }
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? '';
    const underline = paragraph.length > 0 ? UNDERLINE.exec(line) : null;
    const heading = HEADING.exec(line);
    if (underline) {
      blocks.push({
        kind: 'heading',
        level: underline[1]?.startsWith('=') ? 1 : 2,
        text: paragraph.join('\n'),
      });
      paragraph = [];
      at += 1;
    } else if (heading) {
      end();
      const text = (heading[2] ?? '').trim().replace(/(?:^|[ \t])#+$/, '');
      blocks.push({ kind: 'heading', level: heading[1]?.length ?? 1, text });
      at += 1;
    } else if (RULE.test(line)) {
      end();
      blocks.push({ kind: 'rule' });
      at += 1;
    } else if (line.trim() === '') {
      end();
      at += 1;
    } else {
      const found =
        fence(lines, at) ?? (depth < DEEPEST ? container(lines, at, depth, paragraph.length > 0) : null);
      if (found) {
        end();
        blocks.push(found.block);
        at = found.next;
      } else {
        paragraph.push(line);
        at += 1;
      }
    }
  }
  end();
  return blocks;
}

type Found = { block: Block; next: number };

/** Code between two fences; without the second one, everything after the first. */
function fence(lines: string[], at: number): Found | null {
  const opening = FENCE.exec(lines[at] ?? '')?.[1];
  if (!opening) return null;
  const isClosing = (line: string) => {
    const text = line.trim();
    return text.length >= opening.length && text === (opening[0] ?? '').repeat(text.length);
  };
  let next = at + 1;
  while (next < lines.length && !isClosing(lines[next] ?? '')) next += 1;
  return { block: { kind: 'code', text: lines.slice(at + 1, next).join('\n') }, next: next + 1 };
}

/** What has blocks inside: a quote or a list. */
function container(lines: string[], at: number, depth: number, isInText: boolean): Found | null {
  const line = lines[at] ?? '';
  if (!QUOTE.test(line)) {
    const mark = ITEM.exec(line);
    // `1986. A year` in a text is not a list, nor is a line that is a mark alone.
    const isText = isInText && (!mark?.[3] || (isNumber(mark[2]) && !/^0*1\D/.test(mark[2] ?? '')));
    return mark && !isText ? list(lines, at, depth) : null;
  }
  let next = at;
  while (next < lines.length && QUOTE.test(lines[next] ?? '')) next += 1;
  const inside = lines.slice(at, next).map((quoted) => quoted.replace(QUOTE, ''));
  return { block: { kind: 'quote', blocks: blocksOf(inside, depth + 1) }, next };
}

const indent = (line: string) => line.length - line.trimStart().length;
const isNumber = (mark: string | undefined) => /\d/.test(mark ?? '');

function list(lines: string[], at: number, depth: number): Found {
  const first = ITEM.exec(lines[at] ?? '');
  const start = isNumber(first?.[2]) ? Number.parseInt(first?.[2] ?? '1', 10) : null;
  const items: Item[] = [];
  let next = at;
  while (next < lines.length) {
    const mark = ITEM.exec(lines[next] ?? '');
    if (!mark || isNumber(mark[2]) !== (start !== null) || RULE.test(lines[next] ?? '')) break;
    const margin = mark[1]?.length ?? 0;
    const inside = [mark[3] ?? ''];
    next += 1;
    // Two spaces are enough to belong to an item: people rarely count those after a number.
    for (; next < lines.length; next += 1) {
      const line = lines[next] ?? '';
      const isBlank = line.trim() === '';
      if (!isBlank && indent(line) < margin + 2) {
        const isNew = ITEM.test(line) || QUOTE.test(line) || HEADING.test(line) || RULE.test(line);
        // A line that is not indented belongs to the text before it, but not after a blank line.
        if (isNew || FENCE.test(line) || inside.at(-1)?.trim() === '') break;
      }
      inside.push(line.slice(Math.min(indent(line), margin + (mark[2]?.length ?? 1) + 1)));
    }
    items.push(item(inside, depth));
  }
  return { block: { kind: 'list', start, items }, next };
}

function item(lines: string[], depth: number): Item {
  const box = /^\[([ xX])\][ \t]+/.exec(lines[0] ?? '');
  if (box) lines[0] = (lines[0] ?? '').slice(box[0].length);
  return { isDone: box ? box[1] !== ' ' : null, blocks: blocksOf(lines, depth + 1) };
}
