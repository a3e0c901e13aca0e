import { useState } from 'react';
import { toast } from '@/components/toast-store';
import { useMessages } from '@/messages/language';
import type { ListQuery } from './list-query';
import { indexAfter, placeAt, type Step } from './place';
import { canBecome, type Status, type Task } from './task';
import { editTask, placeTask } from './task-actions';
import { tasks } from './task-store';

export type Placing = {
  /** Whether the list has the order that people make, and the reader may change it. */
  isOn: boolean;
  /** What was moved where, for screen readers. */
  news: string;
  /** Whether a step leads anywhere. */
  canStep: (id: string, step: Step) => boolean;
  /** Moves a task among those that are shown with it; says in which order it can be when it is another one. */
  step: (id: string, step: Step) => void;
  /** Moves a card to another status; with an index, also to that place of its cards. */
  put: (id: string, status: Status, index?: number) => void;
};

/** Moving tasks by hand: by steps, and on the board to another column. `shown` are in the order of the list. */
export function usePlacing(shown: readonly Task[], query: ListQuery, mayWrite: boolean): Placing {
  const m = useMessages();
  const [news, setNews] = useState('');
  // A search has an order of its own.
  const isOn = mayWrite && query.sort === 'rank' && !query.q.trim();
  const column = (status: Status) =>
    query.view === 'board' ? shown.filter((task) => task.status === status) : shown;

  function goal(id: string, step: Step): { siblings: readonly Task[]; index: number } | null {
    const task = shown.find((other) => other.id === id);
    if (!task) return null;
    const all = column(task.status);
    const siblings = all.filter((other) => other.id !== id);
    const index = indexAfter(step, all.indexOf(task), siblings.length);
    return index === null ? null : { siblings, index };
  }

  return {
    isOn,
    news,
    canStep: (id, step) => goal(id, step) !== null,
    step(id, step) {
      if (!mayWrite) return;
      if (!isOn) return toast({ text: m.tasks.place.off(m.tasks.sorts.rank) });
      const task = tasks.get(id);
      const to = goal(id, step);
      if (!task || !to) return;
      placeTask(id, placeAt(id, to.siblings, to.index, tasks.all()));
      setNews(m.tasks.place.now(task.title, to.index + 1, to.siblings.length + 1));
    },
    put(id, status, index) {
      const task = tasks.get(id);
      if (!mayWrite || !task || !canBecome(task.status, status)) return;
      const edit = task.status === status ? {} : { status };
      const others = column(status).filter((other) => other.id !== id);
      if (isOn && index !== undefined) placeTask(id, placeAt(id, others, index, tasks.all()), edit);
      else if (task.status !== status) editTask(id, edit);
      else return;
      setNews(`${task.title}: ${m.status[status]}`);
    },
  };
}
