import { act, cleanup, render, screen } from '@testing-library/react';
import { memo } from 'react';
import { afterEach, expect, test } from 'vitest';
import { RowMarks, useRowMark } from '@/tasks/row-marks';

afterEach(cleanup);

test('a step to another row draws these two again and no other', () => {
  const drawn: string[] = [];
  const marks = new RowMarks();
  const Row = memo(function Row({ id }: { id: string }) {
    const { isActive, isSelected } = useRowMark(marks, id);
    drawn.push(id);
    return <p>{`${id}${isActive ? ' active' : ''}${isSelected ? ' selected' : ''}`}</p>;
  });
  const none = new Set<string>();
  marks.set('a', none);
  render(['a', 'b', 'c', 'd'].map((id) => <Row key={id} id={id} />));
  expect(screen.getByText('a active')).toBeTruthy();

  drawn.length = 0;
  act(() => marks.set('b', none));
  expect(drawn.sort()).toEqual(['a', 'b']);
  expect(screen.getByText('b active')).toBeTruthy();

  drawn.length = 0;
  act(() => marks.set('b', new Set(['b', 'c'])));
  expect(drawn.sort()).toEqual(['b', 'c']);
  expect(screen.getByText('b active selected')).toBeTruthy();
  expect(screen.getByText('c selected')).toBeTruthy();
});
