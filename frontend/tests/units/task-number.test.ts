import { expect, test } from 'vitest';
import { isTaskId, numberIn, referenceTo } from '@/tasks/task-number';
import { TaskStore, tasks } from '@/tasks/task-store';
import { sample } from './samples';

test.each([
  ['MIY-12', 'MIY-12'],
  [' miy-12 ', 'MIY-12'],
  ['#12', '12'],
  ['12', '12'],
  ['M-12', null],
  ['MIYABI-12', null],
  ['MIY-012', null],
  ['#MIY-12', null],
  ['12a', null],
  ['', null],
])('the number in %j is %j', (text, number) => {
  expect(numberIn(text)).toBe(number);
});

test('a reference is an id or a number, never both', () => {
  const id = '01939f5e-7c4a-7000-8000-000000000001';
  expect(isTaskId(id)).toBe(true);
  expect(numberIn(id)).toBeNull();
  expect(isTaskId('MIY-12')).toBe(false);
});

test('a task that is known is named by its number, and found by it until everything is forgotten', () => {
  const store = new TaskStore();
  store.receive(sample({ id: 't1', key: 'MIY-7' }));
  store.remove('t1');
  expect(store.idOf('MIY-7')).toBe('t1');
  expect(store.idOf('MIY-8')).toBeUndefined();
  store.clear();
  expect(store.idOf('MIY-7')).toBeUndefined();
  expect(referenceTo('unknown')).toBe('unknown');
  tasks.receive(sample({ id: 't2', key: 'MIY-9' }));
  expect(referenceTo('t2')).toBe('MIY-9');
  tasks.clear();
});
