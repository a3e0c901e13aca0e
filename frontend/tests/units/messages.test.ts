import { expect, test } from 'vitest';
import { en } from '@/messages/en';
import { ja } from '@/messages/ja';

/** Every text of a catalog by its path; functions by what they give. */
function texts(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value === 'function') return [[path, String(value('x', 'y'))]];
  return Object.entries(value as object).flatMap(([key, member]) => texts(member, `${path}.${key}`));
}

/** Names that are the same in both languages. */
const SAME = new Set(['.app.name', '.activity.title_']);

test('every text is translated, and none is empty', () => {
  const japanese = new Map(texts(ja));
  const english = texts(en);
  expect([...japanese.keys()].sort()).toEqual(english.map(([path]) => path).sort());
  for (const [path, text] of english) {
    expect(japanese.get(path), path).toBeTruthy();
    if (!SAME.has(path)) expect(japanese.get(path), path).not.toBe(text);
  }
});
