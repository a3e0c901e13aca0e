import { screen } from '@testing-library/react';
import { beforeEach, expect, test } from 'vitest';
import { tasks } from '@/tasks/task-store';
import { useTask } from '@/tasks/use-tasks';
import { openPage } from './page';
import { sample } from './samples';

beforeEach(() => tasks.clear());

function Description() {
  return <p>{useTask('t1').task?.description}</p>;
}

test('a task whose newer version came without its description while it was read is read once more', async () => {
  let readings = 0;
  const task = (version: number, description?: string) => sample({ id: 't1', version, description });
  openPage(
    <Description />,
    { role: 'member', permissions: ['tasks.read'] },
    {
      'GET /api/tasks/t1': () => {
        readings += 1;
        // As an event has it that comes before the response.
        if (readings === 1) tasks.receive(task(2));
        return { body: readings === 1 ? task(1, 'Before') : task(2, 'After') };
      },
    },
  );
  expect(await screen.findByText('After')).toBeTruthy();
  expect(readings).toBe(2);
});
