import { toast } from '@/components/toast-store';
import { remember } from '@/tasks/history';
import type { InboxMessages } from './messages';
import type { Notification, NotificationEdit, Shown } from './notification';
import type { Notifications } from './use-notifications';

/** What the rows and keys do to a notification. What takes it out of the list can be undone. */
export function inboxActions(
  m: InboxMessages,
  shown: Shown,
  list: Notifications,
  pickTime: (notification: Notification) => void,
) {
  function remove(notification: Notification, edit: NotificationEdit, back: NotificationEdit, text: string) {
    void list.edit(notification.id, edit);
    toast({ text, undo: remember({ what: text, undo: () => list.edit(notification.id, back) }) });
  }
  return {
    archive(notification: Notification) {
      if (notification.archived_at) void list.edit(notification.id, { archived: false });
      else remove(notification, { archived: true }, { archived: false }, m.archived(notification.task.title));
    },
    toggleRead(notification: Notification) {
      void list.edit(notification.id, { read: !notification.read_at });
    },
    snooze(notification: Notification) {
      if (shown === 'snoozed') void list.edit(notification.id, { snoozed_until: null });
      else pickTime(notification);
    },
    snoozeUntil(notification: Notification, until: string) {
      const text = m.snoozed(notification.task.title);
      remove(notification, { snoozed_until: until }, { snoozed_until: null }, text);
    },
  };
}
