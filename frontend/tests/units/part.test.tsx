import { render, screen } from '@testing-library/react';
import { act, type ComponentType } from 'react';
import { expect, test, vi } from 'vitest';
import { part } from '@/components/part';

const Greeting = ({ name }: { name: string }) => <p>Hello {name}</p>;

test('a part is loaded when it is shown, once, and drawn at once when it was loaded before', async () => {
  const load = vi.fn(async (): Promise<ComponentType<{ name: string }>> => Greeting);
  const Part = part(load);
  expect(load).not.toHaveBeenCalled();
  const first = render(<Part name="Aki" />);
  expect(screen.queryByText('Hello Aki')).toBeNull();
  expect(await screen.findByText('Hello Aki')).toBeTruthy();
  first.unmount();
  render(<Part name="Ren" />);
  expect(screen.getByText('Hello Ren')).toBeTruthy();
  expect(load).toHaveBeenCalledOnce();
});

test('a script that cannot be loaded is an error of the page when it is shown', async () => {
  const quiet = vi.spyOn(console, 'error').mockReturnValue();
  const Part = part(async (): Promise<ComponentType<{ name: string }>> => {
    throw new Error('no such script');
  });
  await act(() => Part.preload());
  await expect(act(async () => render(<Part name="Aki" />))).rejects.toThrow('no such script');
  quiet.mockRestore();
});

test('a script that could not be loaded in advance is loaded when it is shown', async () => {
  const load = vi.fn(async (): Promise<ComponentType<{ name: string }>> => Greeting);
  load.mockRejectedValueOnce(new Error('no network'));
  const Part = part(load);
  await act(() => Part.preload());
  render(<Part name="Aki" />);
  expect(await screen.findByText('Hello Aki')).toBeTruthy();
});
