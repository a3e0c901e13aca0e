import { fireEvent, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { deleteTasks } from '@/tasks/removal';
import { TrashPage } from '@/tasks/TrashPage';
import { undoLast } from '@/tasks/task-actions';
import { tasks } from '@/tasks/task-store';
import { openPage } from './page';
import { sample } from './samples';
import { problem, type serve } from './server';

const TASK = { ...sample({ id: 't1', title: 'Water the maple' }), deleted_at: '2026-11-27T00:00:00.000000Z' };

async function restore(answers: Parameters<typeof serve>[0]): Promise<void> {
  openPage(
    <TrashPage />,
    { role: 'member', permissions: ['tasks.delete'] },
    { 'GET /api/tasks': { body: { items: [TASK], next_cursor: null } }, ...answers },
  );
  fireEvent.click(await screen.findByRole('button', { name: 'Restore' }));
}

test('a task that is restored is said to be', async () => {
  await restore({ 'POST /api/tasks/t1/restore': { body: sample({ id: 't1' }) } });
  expect(await screen.findByText('Task restored')).toBeDefined();
});

test('a task that cannot be restored is not said to be', async () => {
  let attempts = 0;
  await restore({
    'POST /api/tasks/t1/restore': () => {
      attempts += 1;
      return attempts === 1 ? problem(409, 'parent_deleted') : { body: sample({ id: 't1' }) };
    },
  });
  expect(await screen.findByText(/^Not saved: Restore/)).toBeDefined();
  // What the first attempt says is there before what the second one says.
  fireEvent.click(screen.getByRole('button', { name: 'Restore' }));
  await screen.findAllByText('Task restored');
  expect(screen.getAllByText('Task restored')).toHaveLength(1);
});

test('a deletion that cannot be taken back is not said to be undone', async () => {
  tasks.receive(sample({ id: 't1' }));
  openPage(
    null,
    { role: 'member', permissions: ['tasks.delete'] },
    {
      'DELETE /api/tasks/t1': { body: sample({ id: 't1' }) },
      'POST /api/tasks/t1/restore': problem(409, 'parent_deleted'),
    },
  );
  await deleteTasks(['t1']);
  await undoLast();
  expect(await screen.findByText(/^Not saved: Restore/)).toBeDefined();
  expect(screen.queryByText('Undone')).toBeNull();
});
