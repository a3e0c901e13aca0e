'use client';

import { Glyph, type IconName, StatusGlyph } from '@/components/icons';
import { type Option, Picker } from '@/components/Picker';
import { useMessages } from '@/messages/language';
import { STEPS, type Step } from './place';
import { canBecome, STATUSES } from './task';
import { tasks } from './task-store';
import type { Placing } from './use-placing';

const ICONS: Record<Step, IconName> = { first: 'first', up: 'up', down: 'down', last: 'last' };

/** Where a task can be moved: up and down in the order that people make, and on the board to another column. */
export function PlacePicker({
  id,
  placing,
  isBoard,
  onClose,
}: {
  id: string;
  placing: Placing;
  isBoard: boolean;
  onClose: () => void;
}) {
  const m = useMessages();
  const task = tasks.get(id);
  const columns = STATUSES.filter(
    (to) => isBoard && task && task.status !== to && canBecome(task.status, to),
  );
  const steps = STEPS.filter((step) => placing.isOn && placing.canStep(id, step));
  const options: Option[] = [
    ...columns.map((status) => ({
      id: status,
      label: m.status[status],
      icon: <StatusGlyph status={status} />,
    })),
    ...steps.map((step) => ({
      id: step,
      label: m.tasks.place[step],
      icon: <Glyph name={ICONS[step]} className="text-muted" />,
    })),
  ];
  function pick(chosen: string) {
    const status = STATUSES.find((known) => known === chosen);
    const step = STEPS.find((known) => known === chosen);
    if (status) placing.put(id, status);
    if (step) placing.step(id, step);
  }
  const title = isBoard ? m.tasks.pick.move : m.tasks.place.title;
  return <Picker title={title} placeholder={title} options={options} onPick={pick} onClose={onClose} />;
}
