'use client';

import { useRouter } from 'next/navigation';
import { commandStore, shownKey } from '@/keyboard/commands';
import { useMessages } from '@/messages/language';
import { numberIn } from '@/tasks/task-number';
import { tasks } from '@/tasks/task-store';
import { useTaskRevision } from '@/tasks/use-tasks';
import { Glyph, StatusGlyph } from './icons';
import { type Option, Picker } from './Picker';

/** Every command of the page, and the tasks that are loaded, by typing. */
export function Palette({ onClose }: { onClose: () => void }) {
  const m = useMessages();
  const router = useRouter();
  // Tasks are still read while the palette is open.
  useTaskRevision();
  const commands = commandStore.all().filter((command) => !command.isHidden);
  const options: Option[] = [
    ...commands.map(({ id, label, keys }) => ({ id, label, hint: keys[0] && shownKey(keys[0]) })),
    ...tasks.all().map(({ id, title, key, status }) => ({
      id,
      label: title,
      hint: key,
      icon: <StatusGlyph status={status} />,
    })),
  ];
  /** A number of a task that is not loaded. */
  function byNumber(text: string): Option[] {
    const number = numberIn(text);
    if (!number || tasks.idOf(number)) return [];
    return [{ id: number, label: m.keys.openNumber(number), icon: <Glyph name="tasks" /> }];
  }
  function pick(id: string) {
    const command = commands.find((known) => known.id === id);
    if (!command) return router.push(`/tasks/?status=all&task=${id}`);
    // After the palette is closed: a command may open a dialog, or move the focus.
    queueMicrotask(command.run);
  }
  return (
    <Picker
      title={m.keys.palette}
      placeholder={m.keys.paletteHint}
      options={options}
      onPick={pick}
      onText={byNumber}
      onClose={onClose}
    />
  );
}
