import { safeHref } from './safe-href';

/** A part of a line: text, code, a link, or marked text. There is no kind for HTML: it is text. */
export type Inline =
  | string
  | { kind: 'code'; text: string }
  | { kind: 'link'; href: string; children: Inline[] }
  | { kind: 'strong' | 'em' | 'del'; children: Inline[] };

/** What is not closed yet: the mark, and what came before it. */
type Opener = { mark: string; before: Inline[] };

const KINDS: Record<string, 'strong' | 'em' | 'del'> = {
  '**': 'strong',
  __: 'strong',
  '*': 'em',
  _: 'em',
  '~~': 'del',
};
/** Most marks inside each other; more are text. It also bounds how deep the elements are. */
const DEEPEST = 20;
/** Most characters of the address of a link; `ADDRESS` has as many. */
const LONGEST = 2_000;

const PUNCTUATION = /[!-/:-@[-`{-~]/;
const SPACE = /\s/;
const WORD = /[\p{L}\p{N}]/u;
/** An address in a text ends before a space, a bracket, or punctuation of Japanese. */
const ADDRESS = /https?:\/\/[^\s<>。、「」『』（）]{1,2000}/y;
const POINTED = /<(https?:\/\/[^\s<>]+|mailto:[^\s<>]+|[^\s<>@:]+@[^\s<>@:]+)>/y;

/**
 * Reads the marks of Markdown in a text, in time that grows with its length alone: one walk from left to
 * right, with a stack of what is open. A mark without a partner is text.
 */
export function parseInlines(text: string): Inline[] {
  return new Reader(text).read();
}

class Reader {
  private at = 0;
  private nodes: Inline[] = [];
  private open: Opener[] = [];
  /** Lengths of runs of backticks that nothing closes any more. */
  private readonly unclosed = new Set<number>();

  constructor(private readonly text: string) {}

  read(): Inline[] {
    while (this.at < this.text.length) this.step();
    while (this.open.length > 0) this.giveUp();
    return this.nodes;
  }

  private step(): void {
    const character = this.text[this.at] ?? '';
    if (character === '\\' && PUNCTUATION.test(this.text[this.at + 1] ?? '')) {
      this.at += 1;
      this.take(1);
    } else if (character === '`') this.code();
    else if (character === '*' || character === '_' || character === '~') this.marks(character);
    else if (character === '[' || this.text.startsWith('![', this.at)) this.bracket();
    else if (character === ']') this.closeBracket();
    else if (character === '<') this.address(POINTED, 1) || this.take(1);
    else if (character === 'h' && !/[A-Za-z0-9]/.test(this.text[this.at - 1] ?? ''))
      this.address(ADDRESS, 0) || this.take(1);
    else this.take(1);
  }

  /** Takes characters as text. */
  private take(length: number): void {
    this.add(this.text.slice(this.at, this.at + length));
    this.at += length;
  }

  private add(node: Inline): void {
    const last = this.nodes.at(-1);
    if (typeof node === 'string' && typeof last === 'string') this.nodes[this.nodes.length - 1] = last + node;
    else if (node !== '') this.nodes.push(node);
  }

  private runLength(character: string, from = this.at): number {
    let end = from;
    while (this.text[end] === character) end += 1;
    return end - from;
  }

  private code(): void {
    const length = this.runLength('`');
    const start = this.at + length;
    const first = this.unclosed.has(length) ? -1 : this.text.indexOf('`', start);
    for (let end = first; end >= 0; end = this.text.indexOf('`', end)) {
      const found = this.runLength('`', end);
      if (found === length) {
        const inside = this.text.slice(start, end).replace(/\n/g, ' ');
        const isPadded = /^ .* $/.test(inside) && inside.trim() !== '';
        this.add({ kind: 'code', text: isPadded ? inside.slice(1, -1) : inside });
        this.at = end + found;
        return;
      }
      end += found;
    }
    this.unclosed.add(length);
    this.take(length);
  }

  /** A run of marks closes what it can, and what is left of it opens. */
  private marks(character: string): void {
    let left = this.runLength(character);
    const [before, after] = [this.text[this.at - 1] ?? ' ', this.text[this.at + left] ?? ' '];
    // A single tilde is a tilde; longer runs are lines that somebody drew.
    if (left > 3 || (character === '~' && left !== 2)) {
      this.take(left);
      return;
    }
    const isInWord = character === '_' && WORD.test(before) && WORD.test(after);
    const mayClose = !SPACE.test(before) && !isInWord;
    const mayOpen = !SPACE.test(after) && !isInWord;
    while (left > 0 && mayClose) {
      const mark = this.nearest(character, left);
      if (!mark) break;
      this.close(mark);
      this.at += mark.length;
      left -= mark.length;
    }
    while (left > 0) {
      const mark = character.repeat(Math.min(left, 2));
      if (mayOpen && this.open.length < DEEPEST) this.push(mark);
      else this.add(mark);
      this.at += mark.length;
      left -= mark.length;
    }
  }

  /** The mark that is open last, of those that as many characters can close, inside of the last bracket. */
  private nearest(character: string, left: number): string | null {
    for (let index = this.open.length - 1; index >= 0; index -= 1) {
      const { mark } = this.open[index] as Opener;
      if (mark.endsWith('[')) return null;
      if (mark[0] === character && mark.length <= left) return mark;
    }
    return null;
  }

  private push(mark: string): void {
    this.open.push({ mark, before: this.nodes });
    this.nodes = [];
  }

  /** What was open last is text after all. */
  private giveUp(): void {
    const last = this.open.pop();
    if (!last) return;
    const inside = this.nodes;
    this.nodes = last.before;
    this.add(last.mark);
    for (const node of inside) this.add(node);
  }

  private close(mark: string): void {
    while (this.open.at(-1)?.mark !== mark) this.giveUp();
    const inside = this.nodes;
    this.nodes = this.open.pop()?.before ?? [];
    const kind = KINDS[mark];
    if (kind) this.add({ kind, children: inside });
  }

  /** An image is a link to it: nothing of another site is loaded because somebody wrote its address. */
  private bracket(): void {
    const mark = this.text[this.at] === '!' ? '![' : '[';
    if (this.open.length < DEEPEST) this.push(mark);
    else this.add(mark);
    this.at += mark.length;
  }

  private closeBracket(): void {
    const isOpen = this.open.some(({ mark }) => mark.endsWith('['));
    const found = isOpen ? this.destination() : null;
    const href = found && safeHref(found.target);
    while (isOpen && !this.open.at(-1)?.mark.endsWith('[')) this.giveUp();
    if (href) {
      const inside = this.nodes.length > 0 ? this.nodes : [href];
      this.nodes = this.open.pop()?.before ?? [];
      this.add({ kind: 'link', href, children: inside.flatMap(withoutLink) });
      this.at = found.end;
    } else {
      if (isOpen) this.giveUp();
      this.take(1);
    }
  }

  /** `(address "title")` after the bracket that is here. */
  private destination(): { target: string; end: number } | null {
    if (this.text[this.at + 1] !== '(') return null;
    const rest = this.text.slice(this.at + 2, this.at + 2 + LONGEST);
    const found =
      /^\s*(?:<([^<>\n]*)>|((?:[^\s()\\]|\\.|\([^\s()]*\))+))(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)/.exec(rest);
    if (!found) return null;
    const target = (found[1] ?? found[2] ?? '').replace(/\\([!-/:-@[-`{-~])/g, '$1');
    return { target, end: this.at + 2 + found[0].length };
  }

  /** An address that stands for itself. Returns whether there is one here. */
  private address(pattern: RegExp, group: 0 | 1): boolean {
    // Inside of the text of a link it is text.
    if (this.open.some(({ mark }) => mark === '[')) return false;
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (!found) return false;
    const written = group === 1 ? (found[1] ?? '') : withoutEnd(found[0]);
    const isMail = !/^(?:https?|mailto):/.test(written);
    const href = safeHref(isMail ? `mailto:${written}` : written);
    if (!href) return false;
    this.add({ kind: 'link', href, children: [written] });
    this.at += group === 1 ? found[0].length : written.length;
    return true;
  }
}

/** A link has no other one inside. */
function withoutLink(node: Inline): Inline[] {
  if (typeof node === 'string' || node.kind === 'code') return [node];
  if (node.kind === 'link') return node.children;
  return [{ ...node, children: node.children.flatMap(withoutLink) }];
}

/** Punctuation at the end of an address belongs to the sentence, and so does a bracket that it did not open. */
function withoutEnd(address: string): string {
  const count = (character: string) => address.split(character).length - 1;
  const opened = count('(');
  let closed = count(')');
  let end = address.length;
  for (; end > 0; end -= 1) {
    const last = address[end - 1] ?? '';
    if (!/[.,:;!?'"*_~\])]/.test(last)) break;
    if (last === ')' && opened >= closed) break;
    if (last === ')') closed -= 1;
  }
  return address.slice(0, end);
}
