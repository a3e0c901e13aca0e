'use client';

import { useState } from 'react';
import { api, body } from '@/api/client';
import { Avatar, nameOf } from '@/components/Avatar';
import { Glyph, PriorityGlyph, StatusGlyph } from '@/components/icons';
import { type Option, Picker } from '@/components/Picker';
import { toastProblem } from '@/components/toast-store';
import { useMessages } from '@/messages/language';
import { ProjectPicker } from '@/projects/ProjectPicker';
import { useMe } from '@/session/session';
import { dayAfter, dueDay, nextWeekday } from './due-date';
import { LabelDot } from './LabelChip';
import { canBecome, type Label, PRIORITIES, STATUSES, type Task } from './task';
import { editTasks } from './task-actions';
import { tasks } from './task-store';
import { usePeople } from './use-people';
import { useLabels, useTaskRevision } from './use-tasks';

export type PickedField = 'status' | 'priority' | 'assignee' | 'labels' | 'due' | 'project';
type Props = { ids: string[]; onClose: () => void };

/** Chooses a value of a field, for one task or for the selection. */
export function FieldPicker({ field, ...props }: Props & { field: PickedField }) {
  switch (field) {
    case 'status':
      return <StatusPicker {...props} />;
    case 'priority':
      return <PriorityPicker {...props} />;
    case 'assignee':
      return <AssigneePicker {...props} />;
    case 'labels':
      return <LabelsPicker {...props} />;
    case 'due':
      return <DuePicker {...props} />;
    case 'project':
      return <ProjectPicker {...props} />;
  }
}

function chosen(ids: string[]): Task[] {
  return ids.flatMap((id) => tasks.get(tasks.currentId(id)) ?? []);
}

function StatusPicker({ ids, onClose }: Props) {
  const m = useMessages();
  const found = chosen(ids);
  // Offered is what at least one of them can become; the others stay as they are.
  const options: Option[] = STATUSES.filter((to) => found.some((task) => canBecome(task.status, to))).map(
    (status) => ({
      id: status,
      label: m.status[status],
      icon: <StatusGlyph status={status} />,
      isChecked: found.every((task) => task.status === status),
    }),
  );
  function pick(id: string) {
    const status = STATUSES.find((known) => known === id);
    if (status)
      editTasks(ids, (task) =>
        task.status !== status && canBecome(task.status, status) ? { status } : null,
      );
  }
  return (
    <Picker
      title={m.tasks.pick.status}
      placeholder={m.tasks.pick.status}
      options={options}
      onPick={pick}
      onClose={onClose}
    />
  );
}

function PriorityPicker({ ids, onClose }: Props) {
  const m = useMessages();
  const found = chosen(ids);
  const options: Option[] = PRIORITIES.map((priority) => ({
    id: priority,
    label: m.priority[priority],
    hint: priority.toUpperCase(),
    icon: <PriorityGlyph priority={priority} />,
    isChecked: found.every((task) => task.priority === priority),
  }));
  function pick(id: string) {
    const priority = PRIORITIES.find((known) => known === id);
    if (priority) editTasks(ids, (task) => (task.priority === priority ? null : { priority }));
  }
  return (
    <Picker
      title={m.tasks.pick.priority}
      placeholder={m.tasks.pick.priority}
      options={options}
      onPick={pick}
      onClose={onClose}
    />
  );
}

function AssigneePicker({ ids, onClose }: Props) {
  const m = useMessages();
  const me = useMe().user.id;
  const people = usePeople();
  const found = chosen(ids);
  const isAssigned = (id: string | null) => found.every((task) => (task.assignee?.id ?? null) === id);
  const options: Option[] = [
    {
      id: 'nobody',
      label: m.tasks.pick.nobody,
      icon: <Glyph name="mine" className="text-muted" />,
      isChecked: isAssigned(null),
    },
    ...people.map((person) => ({
      id: person.id,
      label: person.id === me ? `${nameOf(person)} (${m.tasks.pick.me})` : nameOf(person),
      hint: person.login,
      icon: <Avatar person={person} />,
      isChecked: isAssigned(person.id),
    })),
  ];
  function pick(id: string) {
    const assignee = people.find((person) => person.id === id) ?? null;
    editTasks(ids, (task) => ((task.assignee?.id ?? null) === (assignee?.id ?? null) ? null : { assignee }));
  }
  return (
    <Picker
      title={m.tasks.pick.assignee}
      placeholder={m.tasks.pick.assignee}
      options={options}
      onPick={pick}
      onClose={onClose}
    />
  );
}

const COLORS = ['#1e40af', '#8b5cf6', '#10b981', '#b45309', '#be123c', '#0e7490'];

function LabelsPicker({ ids, onClose }: Props) {
  const m = useMessages();
  const { labels, reload } = useLabels();
  useTaskRevision();
  const found = chosen(ids);
  const isOnAll = (id: string) => found.every((task) => task.labels.some((label) => label.id === id));
  const options: Option[] = labels.map((label) => ({
    id: label.id,
    label: label.name,
    icon: <LabelDot color={label.color} />,
    isChecked: isOnAll(label.id),
  }));
  function set(label: Label, isOn: boolean) {
    editTasks(ids, (task) => {
      const has = task.labels.some(({ id }) => id === label.id);
      if (has === isOn) return null;
      const { id, name, color } = label;
      return {
        labels: isOn ? [...task.labels, { id, name, color }] : task.labels.filter((other) => other.id !== id),
      };
    });
  }
  async function create(name: string) {
    const color = COLORS[labels.length % COLORS.length];
    try {
      const label = await body(api.POST('/api/labels', { body: { name, color } }));
      reload();
      set(label, true);
    } catch (problem) {
      toastProblem(m.tasks.failed(name), problem);
    }
  }
  function pick(id: string, text: string) {
    const label = labels.find((known) => known.id === id);
    if (label) set(label, !isOnAll(id));
    else void create(text);
  }
  function isNew(text: string): Option[] {
    const isKnown = labels.some((label) => label.name.toLowerCase() === text.toLowerCase());
    return text && !isKnown
      ? [{ id: 'new', label: m.tasks.pick.newLabel(text), icon: <Glyph name="plus" /> }]
      : [];
  }
  return (
    <Picker
      title={m.tasks.pick.labels}
      placeholder={m.tasks.pick.labels}
      options={options}
      onPick={pick}
      onClose={onClose}
      onText={isNew}
      isMultiple
    />
  );
}

function DuePicker({ ids, onClose }: Props) {
  const m = useMessages();
  const first = chosen(ids)[0];
  const [day, setDay] = useState((first && dueDay(first)) ?? '');
  const days: Record<string, string | null> = {
    [m.due.today]: dayAfter(0),
    [m.due.tomorrow]: dayAfter(1),
    [m.due.nextWeek]: nextWeekday(1),
    [m.tasks.pick.noDue]: null,
  };
  const options: Option[] = Object.entries(days).map(([label, value]) => ({
    id: label,
    label,
    hint: value ?? undefined,
    icon: <Glyph name="calendar" className="text-muted" />,
  }));
  const set = (value: string | null) => editTasks(ids, () => ({ due_on: value, due_at: null }));
  const footer = (
    <form
      className="flex items-center gap-2 border-line border-t p-3"
      onSubmit={(event) => {
        event.preventDefault();
        if (day) set(day);
        onClose();
      }}
    >
      <label className="flex min-w-0 grow items-center gap-2">
        {m.due.date}
        <input
          type="date"
          className="field grow"
          value={day}
          onChange={(event) => setDay(event.target.value)}
        />
      </label>
      <button type="submit" className="primary-button" disabled={!day}>
        {m.app.save}
      </button>
    </form>
  );
  return (
    <Picker
      title={m.tasks.pick.due}
      placeholder={m.tasks.pick.due}
      options={options}
      onPick={(id) => set(days[id] ?? null)}
      onClose={onClose}
      footer={footer}
    />
  );
}
