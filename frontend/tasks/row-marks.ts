'use client';

import { useSyncExternalStore } from 'react';

/**
 * Which rows are active and selected, outside of React: of thousands, those are drawn again whose mark
 * changes, and no list of them.
 */
export class RowMarks {
  private active: string | null = null;
  private selected: ReadonlySet<string> = new Set();
  private readonly listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  set(active: string | null, selected: ReadonlySet<string>): void {
    if (this.active === active && this.selected === selected) return;
    this.active = active;
    this.selected = selected;
    for (const listener of this.listeners) listener();
  }

  isActive(id: string): boolean {
    return this.active === id;
  }

  isSelected(id: string): boolean {
    return this.selected.has(id);
  }
}

const no = () => false;

/** Whether a row is active and selected. */
export function useRowMark(marks: RowMarks, id: string): { isActive: boolean; isSelected: boolean } {
  const isActive = useSyncExternalStore(marks.subscribe, () => marks.isActive(id), no);
  const isSelected = useSyncExternalStore(marks.subscribe, () => marks.isSelected(id), no);
  return { isActive, isSelected };
}
