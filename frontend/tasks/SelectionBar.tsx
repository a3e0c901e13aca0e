'use client';

import { useMessages } from '@/messages/language';
import type { PickedField } from './FieldPicker';
import { deleteTasks } from './task-actions';
import { toggleDone } from './task-commands';
import { tasks } from './task-store';

/** What can be done with the selected tasks, all at once and with one undo. */
export function SelectionBar({
  targets,
  may,
  clear,
  pick,
}: {
  targets: string[];
  may: { write: boolean; assign: boolean; delete: boolean };
  clear: () => void;
  pick: (field: PickedField, ids: string[]) => void;
}) {
  const m = useMessages();
  const fields: [PickedField, string, boolean][] = [
    ['status', m.task.status, may.write],
    ['priority', m.task.priority, may.write],
    ['assignee', m.task.assignee, may.write && may.assign],
    ['labels', m.task.labels, may.write],
    ['due', m.task.due, may.write],
  ];
  return (
    <div className="flex shrink-0 flex-wrap items-center gap-1.5 border-line border-b bg-chosen px-3 py-1.5">
      <span role="status" className="mr-2 font-medium">
        {m.tasks.selected(targets.length)}
      </span>
      {fields
        .filter(([, , isAllowed]) => isAllowed)
        .map(([field, label]) => (
          <button key={field} type="button" className="button" onClick={() => pick(field, targets)}>
            {label}
          </button>
        ))}
      {may.write && (
        <button type="button" className="button" onClick={() => toggleDone(targets, (id) => tasks.get(id))}>
          {m.tasks.done}
        </button>
      )}
      {may.delete && (
        <button
          type="button"
          className="button"
          onClick={() => {
            clear();
            void deleteTasks(targets);
          }}
        >
          {m.tasks.remove}
        </button>
      )}
      <button type="button" className="link-button" onClick={clear}>
        {m.tasks.clearSelection}
      </button>
    </div>
  );
}
