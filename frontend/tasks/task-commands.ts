import type { Command } from '@/keyboard/commands';
import type { Messages } from '@/messages/en';
import type { PickedField } from './FieldPicker';
import type { Step } from './place';
import { canBecome, isOpen, type Person, type Task } from './task';
import { deleteTasks, editTasks } from './task-actions';
import { copyNumbers } from './task-number';
import type { Placing } from './use-placing';
import type { RowFocus } from './use-row-focus';

/** Marks open tasks as done; when all are closed, opens them again. */
export function toggleDone(ids: string[], find: (id: string) => Task | undefined): void {
  const isAnyOpen = ids.some((id) => {
    const task = find(id);
    return task && isOpen(task);
  });
  const status = isAnyOpen ? 'completed' : 'pending';
  editTasks(ids, (task) => (task.status !== status && canBecome(task.status, status) ? { status } : null));
}

/** What keys do to the active task or the selection, in the list, on the board and with the drawer open. */
export function taskCommands(
  m: Messages,
  targets: string[],
  find: (id: string) => Task | undefined,
  me: Person,
  may: { write: boolean; assign: boolean; delete: boolean },
  pick: (field: PickedField, ids: string[]) => void,
): Command[] {
  const on = (id: string, label: string, keys: string[], run: () => void): Command => ({
    id,
    label,
    group: m.keys.onTask,
    keys,
    run() {
      if (targets.length > 0) run();
    },
  });
  const write = [
    on('status', m.tasks.pick.status, ['s'], () => pick('status', targets)),
    on('priority', m.tasks.pick.priority, ['p'], () => pick('priority', targets)),
    on('labels', m.tasks.pick.labels, ['l'], () => pick('labels', targets)),
    on('due', m.tasks.pick.due, ['d'], () => pick('due', targets)),
    on('project', m.projects.pick, ['m'], () => pick('project', targets)),
    on('done', m.keys.doneKey, ['Shift+D'], () => toggleDone(targets, find)),
  ];
  const assign = [
    on('assign', m.tasks.pick.assignee, ['a'], () => pick('assignee', targets)),
    on('me', m.keys.me, ['i'], () => editTasks(targets, () => ({ assignee: me }))),
  ];
  const remove = [on('delete', m.tasks.remove, ['#', 'Shift+#', 'Delete'], () => void deleteTasks(targets))];
  const read = [on('number', m.keys.copyNumber, ['$mod+.'], () => void copyNumbers(targets))];
  return [
    ...read,
    ...(may.write ? write : []),
    ...(may.write && may.assign ? assign : []),
    ...(may.delete ? remove : []),
  ];
}

/** Moving the active task in the order that people make. */
export function placeCommands(m: Messages, active: string | null, placing: Placing): Command[] {
  const step = (id: Step, label: string, key: string): Command => ({
    id: `place ${id}`,
    label,
    group: m.keys.onTask,
    keys: [key],
    run() {
      if (active) placing.step(active, id);
    },
  });
  return [step('up', m.keys.placeUp, 'Alt+ArrowUp'), step('down', m.keys.placeDown, 'Alt+ArrowDown')];
}

/** Moving through the list and selecting in it. */
export function listCommands(
  m: Messages,
  focus: RowFocus,
  actions: { moved: (id: string | null) => void; open: (id: string) => void; leave: () => void },
): Command[] {
  const command = (id: string, label: string, keys: string[], run: () => void): Command => ({
    id,
    label,
    group: m.keys.inList,
    keys,
    run,
    isHidden: true,
  });
  return [
    command('next', m.keys.next, ['j', 'ArrowDown'], () => actions.moved(focus.move(1))),
    command('previous', m.keys.previous, ['k', 'ArrowUp'], () => actions.moved(focus.move(-1))),
    command('open', m.keys.open, ['Enter'], () => {
      if (focus.active) actions.open(focus.active);
    }),
    command('select', m.keys.select, ['x'], () => {
      if (focus.active) focus.toggle(focus.active);
    }),
    command('extend down', m.keys.extendDown, ['Shift+J', 'Shift+ArrowDown'], () => focus.move(1, true)),
    command('extend up', m.keys.extendUp, ['Shift+K', 'Shift+ArrowUp'], () => focus.move(-1, true)),
    command('all', m.keys.all, ['$mod+a'], focus.selectAll),
    command('leave', m.keys.peek, ['Escape'], actions.leave),
  ];
}
