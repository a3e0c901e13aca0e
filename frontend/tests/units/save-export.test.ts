import { afterEach, expect, test, vi } from 'vitest';
import { saveExport } from '@/import/save-export';

afterEach(() => vi.restoreAllMocks());

test('every part of an export is in the file, in order', async () => {
  const saved: Blob[] = [];
  const names: string[] = [];
  URL.createObjectURL = (blob) => {
    saved.push(blob as Blob);
    return 'blob:1';
  };
  URL.revokeObjectURL = () => {};
  vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function click(this: HTMLAnchorElement) {
    names.push(this.download);
  });
  const parts: Record<string, [string, string?]> = {
    '': ['{"a":1}\n', 'c1'],
    c1: ['{"b":2}\n', 'c2'],
    c2: ['{"c":3}\n'],
  };
  await saveExport('miyabi-alice', async ({ cursor = '' }) => {
    const [data, next] = parts[cursor] ?? [''];
    return { data, response: new Response(null, { headers: next ? { 'x-next-cursor': next } : {} }) };
  });
  expect(names).toEqual(['miyabi-alice.ndjson']);
  const text = await new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.readAsText(saved[0] as Blob);
  });
  expect(text).toBe('{"a":1}\n{"b":2}\n{"c":3}\n');
});
