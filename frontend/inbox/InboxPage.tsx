'use client';

import Link from 'next/link';
import { useEffect, useMemo, useState } from 'react';
import { PageBar } from '@/components/PageBar';
import { ProblemNote } from '@/components/ProblemNote';
import { part } from '@/components/part';
import { SkeletonRows } from '@/components/SkeletonRows';
import { useCommands } from '@/keyboard/commands';
import { useMessages } from '@/messages/language';
import { useMay, useMe } from '@/session/session';
import type { PickedField } from '@/tasks/FieldPicker';
import { taskCommands } from '@/tasks/task-commands';
import { referenceTo } from '@/tasks/task-number';
import { tasks } from '@/tasks/task-store';
import { useRowFocus } from '@/tasks/use-row-focus';
import { useTaskReference } from '@/tasks/use-task-reference';
import { inboxActions } from './inbox-actions';
import { inboxCommands } from './inbox-commands';
import { inboxMessages } from './messages';
import { NotificationList } from './NotificationList';
import { type Notification, SHOWN, type Shown } from './notification';
import { addressOf, useInboxAddress } from './use-inbox-address';
import { useNotifications } from './use-notifications';

const FieldPicker = part(() => import('@/tasks/FieldPicker').then((module) => module.FieldPicker));
const TaskDrawer = part(() => import('@/tasks/TaskDrawer').then((module) => module.TaskDrawer));
const SnoozePicker = part(() => import('./SnoozePicker').then((module) => module.SnoozePicker));

/** What concerns the reader, one line for each task, with the task beside it. */
export function InboxPage() {
  const app = useMessages();
  const m = inboxMessages.useTexts();
  const me = useMe().user;
  const may = {
    write: useMay('tasks.write'),
    assign: useMay('tasks.assign'),
    delete: useMay('tasks.delete'),
  };
  const { shown, reference, go } = useInboxAddress();
  const list = useNotifications(shown);
  const ids = useMemo(() => list.items.map(({ id }) => id), [list.items]);
  const focus = useRowFocus(ids);
  const opened = useTaskReference(reference);
  const [picked, setPicked] = useState<{ field: PickedField; ids: string[] } | null>(null);
  const [snoozed, setSnoozed] = useState<Notification | null>(null);

  const find = (id: string | null) => list.items.find((item) => item.id === id);
  function open(notification: Notification, how?: 'push' | 'replace') {
    focus.setActive(notification.id);
    go(referenceTo(notification.task.id), how ?? (reference ? 'replace' : 'push'));
    if (!notification.read_at) void list.edit(notification.id, { read: true });
  }
  function close() {
    go(null);
    document.getElementById('inbox-list')?.focus();
  }
  function move(step: number) {
    const next = find(focus.move(step));
    if (next && reference) open(next, 'replace');
  }
  function pick(field: PickedField, targets: string[]) {
    if (may.write) setPicked({ field, ids: targets });
  }
  const { snoozeUntil, ...onRow } = inboxActions(m, shown, list, setSnoozed);
  const actions = { ...onRow, open };
  const active = find(focus.active);
  useCommands([
    ...inboxCommands(m, app, { move, close, readAll: list.readAll }, active, actions),
    ...taskCommands(app, opened.id ? [opened.id] : [], (id) => tasks.get(id), me, may, pick),
  ]);
  useEffect(() => {
    document.title = `${app.nav.inbox} - ${app.app.name}`;
  }, [app]);

  return (
    <div className="flex min-h-0 grow">
      <div className={`min-h-0 min-w-0 grow flex-col ${reference ? 'hidden lg:flex' : 'flex'}`}>
        <PageBar title={app.nav.inbox}>
          <button
            type="button"
            className="button"
            disabled={!list.items.some((item) => !item.read_at)}
            onClick={() => void list.readAll()}
          >
            {m.allRead}
          </button>
        </PageBar>
        <Views shown={shown} />
        {list.problem && <ProblemNote problem={list.problem} retry={list.reload} />}
        {list.isLoading ? (
          <SkeletonRows label={app.app.loading} />
        ) : list.items.length > 0 ? (
          <NotificationList list={list} active={focus.active} actions={actions} />
        ) : (
          !list.problem && <Empty text={m.empty[shown]} />
        )}
      </div>
      {reference && <TaskDrawer opened={opened} close={close} editKey={null} pick={pick} />}
      {picked && <FieldPicker field={picked.field} ids={picked.ids} onClose={() => setPicked(null)} />}
      {snoozed && (
        <SnoozePicker onPick={(until) => snoozeUntil(snoozed, until)} onClose={() => setSnoozed(null)} />
      )}
    </div>
  );
}

/** Links to the lists, the one that is shown among them. */
function Views({ shown }: { shown: Shown }) {
  const m = inboxMessages.useTexts();
  return (
    <nav aria-label={m.show} className="flex shrink-0 gap-1 overflow-x-auto border-line border-b px-3">
      {SHOWN.map((name) => (
        <Link
          key={name}
          href={addressOf(name, null)}
          aria-current={name === shown ? 'page' : undefined}
          className={`flex h-9 shrink-0 items-center border-b-2 px-2 pointer-coarse:h-11 ${name === shown ? 'border-primary-ink font-medium' : 'border-transparent text-muted hover:text-ink'}`}
        >
          {m.shown[name]}
        </Link>
      ))}
    </nav>
  );
}

function Empty({ text }: { text: string }) {
  return (
    <p id="inbox-list" tabIndex={-1} className="m-auto max-w-sm px-6 py-16 text-center text-muted">
      {text}
    </p>
  );
}
