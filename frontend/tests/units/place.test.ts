import { expect, test } from 'vitest';
import { mergeEdit } from '@/tasks/merge-edit';
import { indexAfter, keyBetween, placeAt, placeOf } from '@/tasks/place';
import { changeOf } from '@/tasks/task';
import { sample } from './samples';

const at = (id: string, rank: string, version = 1) => sample({ id, rank, version });
const SHOWN = [at('a', 'V000001'), at('b', 'V000003'), at('c', 'V0000031')];

test('a key is between its neighbours, whichever keys the server made', () => {
  for (const [low, high] of [
    ['', '0000000'],
    ['V000001', 'V000002'],
    ['V000001', 'V0000011'],
    ['V00000z', 'V000010'],
    ['V000001', undefined],
  ] as const) {
    let upper: string | undefined = high;
    let lower: string = low;
    // Again and again into the same gap, from both sides.
    for (let round = 0; round < 20; round += 1) {
      const key = keyBetween(lower, upper);
      expect(key > lower, `${lower} ${key}`).toBe(true);
      expect(upper === undefined || key < upper, `${key} ${upper}`).toBe(true);
      if (round % 3 === 0) lower = key;
      else upper = key;
    }
  }
});

test('a task goes behind the one in front of its place', () => {
  const place = placeAt('m', SHOWN, 1, SHOWN);
  expect(place.after).toBe('a');
  expect(place.rank > 'V000001' && place.rank < 'V000003').toBe(true);
  expect(placeAt('m', SHOWN, 3, SHOWN)).toEqual({ after: 'c', rank: expect.stringMatching(/^V0000031/) });
});

test('before the first that is shown, it passes no more tasks than it must', () => {
  const hidden = [at('x', 'V0000002'), at('y', 'V0000003'), at('m', 'V0000004')];
  expect(placeAt('m', SHOWN, 0, [...hidden, ...SHOWN]).after).toBe('y');
  expect(placeAt('m', SHOWN, 0, SHOWN).after).toBe(null);
});

test('nothing is put behind a task that the server does not have', () => {
  const fresh = at('new', '~', 0);
  expect(placeAt('m', [...SHOWN, fresh], 4, SHOWN).after).toBe('c');
});

test('the way back is behind the task that was in front of it', () => {
  expect(placeOf(at('b', 'V000003'), SHOWN)).toEqual({ rank: 'V000003', after: 'a' });
  expect(placeOf(at('a', 'V000001'), SHOWN)).toEqual({ rank: 'V000001', after: null });
});

test('a step leads nowhere at the ends', () => {
  expect(indexAfter('up', 0, 3)).toBe(null);
  expect(indexAfter('first', 0, 3)).toBe(null);
  expect(indexAfter('down', 3, 3)).toBe(null);
  expect(indexAfter('last', 3, 3)).toBe(null);
  expect(['up', 'down', 'first', 'last'].map((step) => indexAfter(step as 'up', 2, 3))).toEqual([1, 3, 0, 3]);
});

test('a place is sent as the task in front of it, and a changed key is not reported', () => {
  const edit = { rank: 'V000001!', after: null };
  const merge = mergeEdit(edit, { rank: 'V000003', after: null }, at('b', 'V0000044'));
  expect(merge).toEqual({ send: edit, overwritten: [], conflicts: [] });
  expect(changeOf(merge.send, at('b', 'V0000044'))).toEqual({ after: null });
  // Taken back before it was sent.
  expect(mergeEdit({ rank: 'V000003', after: 'a' }, edit, at('b', 'V000003')).send).toEqual({});
});
