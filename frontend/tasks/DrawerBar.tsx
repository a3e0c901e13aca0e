'use client';

import { Glyph } from '@/components/icons';
import { toast, toastProblem } from '@/components/toast-store';
import { WatchButton } from '@/inbox/WatchButton';
import { shownKey } from '@/keyboard/commands';
import { Faces } from '@/live/Faces';
import { useMessages } from '@/messages/language';
import { useMay } from '@/session/session';
import { isOpen, type Task } from './task';
import { deleteTasks } from './task-actions';
import { toggleDone } from './task-commands';
import { copyNumbers } from './task-number';
import { tasks } from './task-store';

/** The line above an open task: its number, and what can be done with it as a whole. */
export function DrawerBar({
  task,
  close,
  isPainted = false,
}: {
  task: Task | undefined;
  close: () => void;
  /** Whether the drawer was seen once: then who else looks at the task, and whether it is watched, is read. */
  isPainted?: boolean;
}) {
  const m = useMessages();
  return (
    <div className="flex h-11 shrink-0 items-center gap-1 border-line border-b px-2">
      {task ? <TaskButtons task={task} close={close} isPainted={isPainted} /> : <span className="grow" />}
      <button
        type="button"
        className="icon-button"
        aria-label={m.task.close}
        title={`${m.task.close} Esc`}
        onClick={close}
      >
        <Glyph name="close" />
      </button>
    </div>
  );
}

function TaskButtons({ task, close, isPainted }: { task: Task; close: () => void; isPainted: boolean }) {
  const m = useMessages();
  const mayWrite = useMay('tasks.write');
  const mayDelete = useMay('tasks.delete');
  async function copyLink() {
    try {
      await navigator.clipboard.writeText(`${location.origin}/tasks/?status=all&task=${task.key}`);
      toast({ text: m.task.copied });
    } catch (problem) {
      toastProblem(m.tasks.failed(m.task.copyLink), problem);
    }
  }
  return (
    <>
      {mayWrite && (
        <button
          type="button"
          className="button max-sm:min-w-9 pointer-coarse:min-w-11"
          title={isOpen(task) ? m.tasks.done : m.tasks.reopen}
          onClick={() => toggleDone([task.id], (other) => tasks.get(other))}
        >
          <Glyph name="check" />
          {/* On a phone, what closes the task needs the room. */}
          <span className="max-sm:sr-only">{isOpen(task) ? m.tasks.done : m.tasks.reopen}</span>
        </button>
      )}
      {task.key && (
        <button
          type="button"
          className="link-button tabular-nums"
          aria-label={`${m.keys.copyNumber}: ${task.key}`}
          title={`${m.keys.copyNumber} ${shownKey('$mod+.')}`}
          onClick={() => void copyNumbers([task.id])}
        >
          {task.key}
        </button>
      )}
      <span className="min-w-0 grow truncate px-1 text-muted text-xs">
        {tasks.isPending(task.id) ? m.task.unsaved : ''}
      </span>
      {/* What the server does not know yet has no number, and nobody else can look at it. */}
      {task.key && (
        <>
          {isPainted && (
            <>
              <Faces task={task.id} />
              <WatchButton task={task.id} />
            </>
          )}
          <button
            type="button"
            className="icon-button"
            aria-label={m.task.copyLink}
            title={m.task.copyLink}
            onClick={() => void copyLink()}
          >
            <Glyph name="link" />
          </button>
        </>
      )}
      {mayDelete && (
        <button
          type="button"
          className="icon-button"
          aria-label={m.tasks.remove}
          title={`${m.tasks.remove} #`}
          onClick={() => {
            close();
            void deleteTasks([task.id]);
          }}
        >
          <Glyph name="trash" />
        </button>
      )}
    </>
  );
}
