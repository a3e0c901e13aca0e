'use client';

import { useLayoutEffect, useMemo, useRef, useState } from 'react';
import { RowMarks } from './row-marks';
import { tasks } from './task-store';

export type RowFocus = {
  /** The row that keys act on. */
  active: string | null;
  setActive: (id: string | null) => void;
  /** Moves by rows; with `extends`, the rows passed are selected. */
  move: (step: number, isExtending?: boolean) => string | null;
  selected: ReadonlySet<string>;
  /** Selects a row or not; with `range`, every row from the last one. */
  toggle: (id: string, isRange?: boolean) => void;
  selectAll: () => void;
  clear: () => void;
  /** What keys act on: the selection, else the active row. */
  targets: string[];
  /** The active row and the selected ones, for each row to ask for its own. */
  marks: RowMarks;
};

/** Which row is active and which are selected, in the order of the list. */
export function useRowFocus(ids: string[]): RowFocus {
  const [stored, setActive] = useState<string | null>(null);
  // A new task may have got the id of the server since.
  const active = stored && tasks.currentId(stored);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [anchor, setAnchor] = useState<string | null>(null);
  // A row that left the list is no longer acted on.
  const selected = useMemo(() => {
    // A new task that was chosen may have got the id of the server since.
    const current = new Set([...chosen].map((id) => tasks.currentId(id)));
    return new Set(ids.filter((id) => current.has(id)));
  }, [ids, chosen]);

  const index = active ? ids.indexOf(active) : -1;
  const position = useRef(0);
  if (index >= 0) position.current = index;

  const [marks] = useState(() => new RowMarks());
  useLayoutEffect(() => marks.set(active, selected), [marks, active, selected]);

  function add(from: number, to: number) {
    const range = ids.slice(Math.min(from, to), Math.max(from, to) + 1);
    setChosen(new Set([...selected, ...range]));
  }

  return {
    active,
    setActive,
    move(step, isExtending = false) {
      // Where the active row was: when it left the list, the one that took its place comes next.
      const start = index >= 0 ? index + step : step > 0 ? position.current : position.current - 1;
      const next = Math.min(Math.max(start, 0), ids.length - 1);
      if (isExtending) add(Math.max(index, 0), next);
      const id = ids[next] ?? null;
      setActive(id);
      return id;
    },
    selected,
    toggle(id, isRange = false) {
      const from = anchor ? ids.indexOf(anchor) : -1;
      setAnchor(id);
      if (isRange && from >= 0) return add(from, ids.indexOf(id));
      const next = new Set(selected);
      if (!next.delete(id)) next.add(id);
      setChosen(next);
    },
    selectAll: () => setChosen(new Set(ids)),
    clear: () => setChosen(new Set()),
    targets: selected.size > 0 ? [...selected] : active && ids.includes(active) ? [active] : [],
    marks,
  };
}
