import { expect, test } from 'vitest';
import { mergeEdit } from '@/tasks/merge-edit';
import { label, sample } from './samples';

test('a field that nobody else changed is sent', () => {
  const merge = mergeEdit({ title: 'Mine' }, { title: 'Water the maple' }, sample({ status: 'completed' }));
  expect(merge).toEqual({ send: { title: 'Mine' }, overwritten: [], conflicts: [] });
});

test('the same text of two people is a conflict, with both', () => {
  const merge = mergeEdit({ title: 'Mine' }, { title: 'Water the maple' }, sample({ title: 'Theirs' }));
  expect(merge.send).toEqual({});
  expect(merge.conflicts).toEqual([{ field: 'title', mine: 'Mine', theirs: 'Theirs' }]);
});

test('the same scalar of two people is mine, and reported', () => {
  const merge = mergeEdit({ priority: 'p0' }, { priority: 'p2' }, sample({ priority: 'p3' }));
  expect(merge).toEqual({ send: { priority: 'p0' }, overwritten: ['priority'], conflicts: [] });
});

test('what both made the same is not sent again', () => {
  expect(mergeEdit({ title: 'Same' }, { title: 'Old' }, sample({ title: 'Same' })).send).toEqual({});
});

test('labels of both are kept, and what either removed is gone', () => {
  const theirs = sample({ labels: [label('kept'), label('added by them')] });
  const from = { labels: [label('kept'), label('removed by them'), label('removed by me')] };
  const mine = { labels: [label('kept'), label('removed by them'), label('added by me')] };
  expect(mergeEdit(mine, from, theirs).send.labels?.map(({ id }) => id)).toEqual([
    'kept',
    'added by them',
    'added by me',
  ]);
});

test('a moment is the same however it is written', () => {
  const theirs = sample({ due_at: '2026-11-27T14:59:59.000000Z' });
  expect(mergeEdit({ due_at: '2026-11-27T14:59:59.000Z' }, { due_at: null }, theirs).send).toEqual({});
});
