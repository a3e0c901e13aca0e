import type { Command } from '@/keyboard/commands';
import type { Messages } from '@/messages/en';
import type { InboxMessages } from './messages';
import type { NotificationActions } from './NotificationList';
import type { Notification } from './notification';

/** What keys do in the inbox: moving through it, and to the active notification. */
export function inboxCommands(
  m: InboxMessages,
  app: Messages,
  page: { move: (step: number) => void; close: () => void; readAll: () => Promise<void> },
  active: Notification | undefined,
  actions: NotificationActions,
): Command[] {
  const command = (
    id: string,
    label: string,
    keys: string[],
    run: () => void,
    isHidden = false,
  ): Command => ({
    id,
    label,
    group: m.keys,
    keys,
    run,
    isHidden,
  });
  const on = (id: string, label: string, keys: string[], run: (notification: Notification) => void) =>
    command(id, label, keys, () => active && run(active));
  return [
    command('next', app.keys.next, ['j', 'ArrowDown'], () => page.move(1), true),
    command('previous', app.keys.previous, ['k', 'ArrowUp'], () => page.move(-1), true),
    command('leave', app.keys.peek, ['Escape'], page.close, true),
    on('open', app.keys.open, ['Enter'], (notification) => actions.open(notification)),
    on('archive', m.archive, ['e'], actions.archive),
    on('read', m.markUnread, ['u'], actions.toggleRead),
    on('snooze', m.snooze, ['h'], actions.snooze),
    command('read all', m.allRead, ['Shift+U'], () => void page.readAll()),
  ];
}
