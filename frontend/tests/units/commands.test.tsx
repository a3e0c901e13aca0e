import { cleanup, fireEvent, render } from '@testing-library/react';
import { afterEach, expect, test, vi } from 'vitest';
import { type Command, useCommands } from '@/keyboard/commands';

const command = (key: string, run: () => void): Command => ({
  id: key,
  label: key,
  group: 'test',
  keys: [key],
  run,
});

function Keys({ commands }: { commands: Command[] }) {
  useCommands(commands);
  return <input aria-label="field" />;
}

const press = (key: string, target: Element | Window = window) => fireEvent.keyDown(target, { key });

afterEach(cleanup);

test('the second of two keys is not a key of its own, whoever registered it first', () => {
  const [single, sequence] = [vi.fn(), vi.fn()];
  render(
    <>
      <Keys commands={[command('i', single)]} />
      <Keys commands={[command('g i', sequence)]} />
    </>,
  );
  press('g');
  press('i');
  expect([single.mock.calls.length, sequence.mock.calls.length]).toEqual([0, 1]);
  press('i');
  expect(single).toHaveBeenCalledTimes(1);
});

test('a key that follows another one by chance is still itself', () => {
  const [single, sequence] = [vi.fn(), vi.fn()];
  const { getByLabelText } = render(<Keys commands={[command('j', single), command('g i', sequence)]} />);
  press('g');
  press('j');
  expect(single).toHaveBeenCalledTimes(1);
  press('g', getByLabelText('field'));
  press('i', getByLabelText('field'));
  expect(sequence).not.toHaveBeenCalled();
});
