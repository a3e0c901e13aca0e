import { expect, test, vi } from 'vitest';
import { deriveList, unlessSame } from '@/tasks/derive-list';
import { parseQuery } from '@/tasks/list-query';
import { TaskStore } from '@/tasks/task-store';
import { label, sample } from './samples';

test('what is known already draws nothing again, and everything else does', () => {
  const store = new TaskStore();
  const listener = vi.fn();
  store.receive(sample({ id: 'a', version: 2, labels: [label('bug')] }));
  const shown = store.get('a');
  store.subscribe(listener);

  store.receive(sample({ id: 'a', version: 2, labels: [label('bug')] }));
  store.receive(sample({ id: 'a', version: 2, labels: [label('bug')], description: undefined }));
  store.receive(sample({ id: 'a', version: 1, title: 'Older' }));
  store.relabel([label('bug')]);
  expect(listener).not.toHaveBeenCalled();
  expect(store.get('a')).toBe(shown);

  // A name of somebody, which changes without a version of the task.
  store.receive(sample({ id: 'a', version: 2, labels: [{ ...label('bug'), name: 'Fault' }] }));
  expect(store.get('a')?.labels[0]?.name).toBe('Fault');
  store.receive(sample({ id: 'a', version: 3, title: 'Newer' }));
  expect(store.get('a')?.title).toBe('Newer');
  expect(listener).toHaveBeenCalledTimes(2);
});

test('an edit is on top of a copy: what the server confirmed stays as it was', () => {
  const store = new TaskStore();
  store.receive(sample({ id: 'a', title: 'Old' }));
  store.overlay('a', { title: 'Mine' });
  expect(store.get('a')?.title).toBe('Mine');
  expect(store.confirmedTask('a')?.title).toBe('Old');
  store.overlay('a', null);
  expect(store.get('a')?.title).toBe('Old');
});

test('a list from memory is the same after any changes as one that is made from nothing', () => {
  const store = new TaskStore();
  const query = parseQuery(new URLSearchParams('sort=due_at'));
  let value = 7;
  const below = (limit: number) => {
    value = (value * 48271) % 2147483647;
    return value % limit;
  };
  let list = deriveList([], store, query, 'p1');
  for (let step = 0; step < 300; step += 1) {
    const id = `t${below(40)}`;
    const version = step + 1;
    const day = `2026-12-${String(1 + below(28)).padStart(2, '0')}`;
    const what = below(6);
    if (what === 0) store.remove(id);
    else if (what === 1) store.receive(sample({ id, version, status: 'completed' }));
    else store.receive(sample({ id, version, due_on: below(3) === 0 ? null : day }));
    if (below(9) === 0) store.unremove(id);
    list = unlessSame(list, deriveList(list, store, query, 'p1'));
    expect(list).toEqual(deriveList([], store, query, 'p1'));
  }
  expect(unlessSame(list, deriveList(list, store, query, 'p1'))).toBe(list);
});
