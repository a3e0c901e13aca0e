import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, test, vi } from 'vitest';
import { type Block, parseBlocks } from '@/markdown/blocks';
import { parseInlines } from '@/markdown/inlines';
import { Markdown } from '@/markdown/Markdown';
import { safeHref } from '@/markdown/safe-href';
import { TextField } from '@/tasks/TextField';

vi.mock('idb-keyval', () => ({ set: async () => {}, delMany: async () => {}, entries: async () => [] }));

afterEach(cleanup);

/** The HTML of a text, without the element around it. */
function html(text: string): string {
  const { container } = render(<Markdown text={text} />);
  const found = container.querySelector('.markdown')?.innerHTML ?? '';
  cleanup();
  return found;
}

const link = (href: string, text: string) =>
  `<a href="${href}" target="_blank" rel="noopener noreferrer">${text}</a>`;

test.each([
  [
    '**bold** and *slanted*, __bold__ and _slanted_',
    '<strong>bold</strong> and <em>slanted</em>, <strong>bold</strong> and <em>slanted</em>',
  ],
  ['***both***', '<strong><em>both</em></strong>'],
  ['*a **b** c*', '<em>a <strong>b</strong> c</em>'],
  ['~~gone~~ but ~here~', '<del>gone</del> but ~here~'],
  ['**太字**です', '<strong>太字</strong>です'],
  ['snake_case_name, 2 * 3 * 4, a* b*', 'snake_case_name, 2 * 3 * 4, a* b*'],
  ['**open, `code *is* text` and ``a ` b``', '**open, <code>code *is* text</code> and <code>a ` b</code>'],
  ['\\*not\\* \\[a link\\](x)', '*not* [a link](x)'],
  ['a `lonely tick', 'a `lonely tick'],
])('marks in %s', (text, expected) => {
  expect(html(text)).toBe(`<p>${expected}</p>`);
});

test.each([
  ['[moss](https://example.com/a_(b) "title")', link('https://example.com/a_(b)', 'moss')],
  ['[**moss** `c`](http://example.com)', link('http://example.com/', '<strong>moss</strong> <code>c</code>')],
  [
    '<https://example.com/x> <mailto:a@example.com> <a@example.com>',
    [
      link('https://example.com/x', 'https://example.com/x'),
      link('mailto:a@example.com', 'mailto:a@example.com'),
      link('mailto:a@example.com', 'a@example.com'),
    ].join(' '),
  ],
  [
    'See https://example.com/a_(b), (https://example.com).',
    `See ${link('https://example.com/a_(b)', 'https://example.com/a_(b)')}, (${link('https://example.com/', 'https://example.com')}).`,
  ],
  [
    '詳細はhttps://example.com/庭。',
    `詳細は${link('https://example.com/%E5%BA%AD', 'https://example.com/庭')}。`,
  ],
  ['![a picture](https://example.com/x.png)', link('https://example.com/x.png', 'a picture')],
  ['[see https://example.com](https://example.org)', link('https://example.org/', 'see https://example.com')],
])('links in %s', (text, expected) => {
  expect(html(text)).toBe(`<p>${expected}</p>`);
});

test('blocks are what they are in Markdown, and lines stay lines', () => {
  expect(html('# One\n## Two ##\nThree\n===')).toBe('<h3>One</h3><h4>Two</h4><h3>Three</h3>');
  expect(html('first\nsecond\n\nthird')).toBe('<p>first\nsecond</p><p>third</p>');
  expect(html('```rust\nlet *a* = 1;\n\n# no\n```\nafter')).toBe(
    '<pre><code>let *a* = 1;\n\n# no</code></pre><p>after</p>',
  );
  expect(html('> quoted\n> - item\nafter')).toBe(
    '<blockquote><p>quoted</p><ul><li>item</li></ul></blockquote><p>after</p>',
  );
  expect(html('a\n\n---\n***')).toBe('<p>a</p><hr><hr>');
  expect(html('- a\n  more\n  - b\n- c')).toBe('<ul><li>a\nmore<ul><li>b</li></ul></li><li>c</li></ul>');
  expect(html('3. c\n4. d\n\n   e')).toBe('<ol start="3"><li>c</li><li>d<p>e</p></li></ol>');
  expect(html('- [x] done\n- [ ] open')).toBe(
    '<ul><li class="box">☑ done</li><li class="box">☐ open</li></ul>',
  );
  expect(html('In\n1986. was a year\n-\nend')).toBe('<h4>In\n1986. was a year</h4><p>end</p>');
});

test('HTML is text, and an address that may run something is no link', () => {
  for (const text of [
    '<img src=x onerror="window.injected=1">',
    '<script>window.injected=1</script>',
    '&lt;b&gt; <b>x</b>',
  ]) {
    const { container } = render(<Markdown text={text} />);
    expect(container.textContent).toBe(text);
    expect(container.querySelectorAll('.markdown *:not(p)')).toHaveLength(0);
    cleanup();
  }
  for (const target of [
    'javascript:x()',
    'JaVaScRiPt:x()',
    ' javascript:x()',
    'java\tscript:x()',
    '\u0001javascript:x()',
    'data:text/html,x',
    'vbscript:x',
    'blob:https://example.com/1',
    '//example.com',
    '/api/auth/logout',
    'x',
    '',
  ])
    expect(safeHref(target), target).toBeNull();
  for (const text of [
    '[x](javascript:x)',
    '![x](javascript:x)',
    '<javascript:x>',
    '[x](<javascript:x>)',
    '[x](data:text/html;base64,AA==)',
    '[x](/settings/)',
  ])
    expect(html(text), text).not.toContain('<a');
  // Nothing is taken out of an attribute.
  expect(html('[x](https://example.com/"onclick="y)')).toBe(
    `<p>${link('https://example.com/%22onclick=%22y', 'x')}</p>`,
  );
});

/** Reads the text of all blocks, as it is read to be drawn. */
function readAll(blocks: Block[]): void {
  for (const block of blocks) {
    if ('text' in block) parseInlines(block.text);
    if (block.kind === 'quote') readAll(block.blocks);
    if (block.kind === 'list') for (const item of block.items) readAll(item.blocks);
  }
}

/** Texts of 20,000 characters that are slow to read for whoever looks for the end of each mark. */
const HOSTILE = [
  '*a ',
  '**a *b ',
  '`a``',
  '[',
  '![',
  '[a](',
  '[](b ',
  '> ',
  '- ',
  ' - a\n',
  '# a ',
  '#   ',
  '~~a',
  '<',
  '<a@',
  'http://',
  'https://a.b/))',
  '_a_ ',
  '1. a\n  ',
  '***',
  '\\',
  '[a](https://b.c "',
  '(',
  '\t',
  '    \n',
  '```\n',
  '=',
  '-\n',
];

test.each(HOSTILE)('a long text of %j is read in time', (part) => {
  for (const text of [
    part.repeat(20_000 / part.length),
    `x ${'  '.repeat(5_000)}${part.repeat(10_000 / part.length)}`,
    `# ${' '.repeat(19_000)}${part}`,
  ]) {
    const begin = performance.now();
    readAll(parseBlocks(text));
    // A few milliseconds here; a walk that grows with the square takes seconds.
    expect(performance.now() - begin, text.slice(0, 20)).toBeLessThan(500);
  }
});

test('nothing that was typed is lost in what is read', () => {
  // Each walk of a generator with a seed, of parts that have a meaning.
  const PARTS = [
    '*',
    '**',
    '_',
    '~~',
    '`',
    '``',
    '[',
    '](',
    ')',
    '![',
    '<',
    '>',
    '\n',
    '\n\n',
    '- ',
    '1. ',
    '> ',
    '# ',
    'a',
    '松',
    ' ',
    'https://a.b/c',
    'x@y.z',
    '\\',
  ];
  let seed = 7;
  const next = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed;
  };
  const letters = (text: string) => [...text].filter((character) => /[a松]/.test(character)).length;
  for (let round = 0; round < 2_000; round += 1) {
    const text = Array.from({ length: 12 }, () => PARTS[next() % PARTS.length])
      .join('')
      .replaceAll('https://a.b/c', '')
      .replaceAll('x@y.z', '');
    const { container } = render(<Markdown text={text} />);
    expect(letters(container.textContent ?? ''), JSON.stringify(text)).toBe(letters(text));
    cleanup();
  }
  expect(parseInlines('')).toEqual([]);
  expect(parseBlocks('')).toEqual([]);
});

test('a description is shown as Markdown, and edited as text by a click or the focus', () => {
  render(
    <TextField
      id="t1"
      field="description"
      value="**Moss** [here](https://example.com)"
      label="Description"
      className=""
      isReadOnly={false}
    />,
  );
  const field = screen.getByRole('textbox', { name: 'Description' });
  expect(field.className).toBe('sr-only');
  fireEvent.click(screen.getByRole('link', { name: 'here' }));
  expect(document.activeElement).not.toBe(field);
  fireEvent.click(screen.getByText('Moss'));
  expect(document.activeElement).toBe(field);
  expect(field.className).not.toBe('sr-only');
  expect(screen.queryByText('Moss')).toBeNull();
  fireEvent.blur(field);
  screen.getByText('Moss');
});
