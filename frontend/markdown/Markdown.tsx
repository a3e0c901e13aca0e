import { Fragment, type ReactNode } from 'react';
import { type Block, parseBlocks } from './blocks';
import { type Inline, parseInlines } from './inlines';

/**
 * A text in Markdown as elements of React, never as HTML: what somebody wrote becomes text, or the address of
 * a link that is one of `safeHref`. Nothing of it is loaded.
 */
export function Markdown({ text }: { text: string }) {
  return <div className="markdown break-words">{parseBlocks(text).map(block)}</div>;
}

function block(content: Block, index: number): ReactNode {
  const key = `${index}`;
  switch (content.kind) {
    case 'paragraph':
      return <p key={key}>{inlines(content.text)}</p>;
    case 'heading': {
      // Under the headings of the page.
      const Heading = (['h3', 'h4', 'h5'] as const)[content.level - 1] ?? 'h6';
      return <Heading key={key}>{inlines(content.text)}</Heading>;
    }
    case 'code':
      return (
        <pre key={key}>
          <code>{content.text}</code>
        </pre>
      );
    case 'rule':
      return <hr key={key} />;
    case 'quote':
      return <blockquote key={key}>{content.blocks.map(block)}</blockquote>;
    case 'list': {
      const items = content.items.map(({ isDone, blocks }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text have nothing but their place
        <li key={at} className={isDone === null ? undefined : 'box'}>
          {isDone !== null && (isDone ? '☑ ' : '☐ ')}
          {blocks.map((inside, place) =>
            // The text of a short item stands beside its mark.
            inside.kind === 'paragraph' && place === 0 ? (
              <Fragment key="text">{inlines(inside.text)}</Fragment>
            ) : (
              block(inside, place)
            ),
          )}
        </li>
      ));
      return content.start === null ? (
        <ul key={key}>{items}</ul>
      ) : (
        <ol key={key} start={content.start}>
          {items}
        </ol>
      );
    }
  }
}

const inlines = (text: string): ReactNode => parseInlines(text).map(inline);

function inline(node: Inline, index: number): ReactNode {
  const key = `${index}`;
  if (typeof node === 'string') return node;
  if (node.kind === 'code') return <code key={key}>{node.text}</code>;
  const children = node.children.map(inline);
  if (node.kind !== 'link') {
    const Mark = node.kind;
    return <Mark key={key}>{children}</Mark>;
  }
  return (
    <a key={key} href={node.href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  );
}
