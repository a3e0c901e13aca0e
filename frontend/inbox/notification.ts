import type { Schema } from '@/api/client';
import { dayAfter, nextWeekday } from '@/tasks/due-date';

export type Notification = Schema['Notification'];
export type Reason = Schema['NotificationReason'];
/** What a list of notifications has: handlers/inbox/src/list.rs. */
export type Shown = 'inbox' | 'unread' | 'snoozed' | 'archived';
export const SHOWN: readonly Shown[] = ['inbox', 'unread', 'snoozed', 'archived'];

/** A change to a notification. Absent members stay as they are. */
export type NotificationEdit = { read?: boolean; archived?: boolean; snoozed_until?: string | null };

/** Reasons in the order in which they matter to the reader. */
const BY_WEIGHT: readonly Reason[] = ['mentioned', 'assigned', 'watching'];

/** The reasons of a notification, the weightiest first. */
export function reasonsOf(notification: Notification): Reason[] {
  return BY_WEIGHT.filter((reason) => notification.reasons.includes(reason));
}

/** A notification with a change that the server has not confirmed. */
export function withEdit(notification: Notification, edit: NotificationEdit, now = new Date()): Notification {
  const at = now.toISOString();
  const changed = { ...notification };
  if (edit.read !== undefined) changed.read_at = edit.read ? (notification.read_at ?? at) : null;
  if (edit.archived !== undefined)
    changed.archived_at = edit.archived ? (notification.archived_at ?? at) : null;
  if (edit.snoozed_until !== undefined) changed.snoozed_until = edit.snoozed_until;
  return changed;
}

/** Whether a list shows a notification, as the API decides it. */
export function isIn(shown: Shown, notification: Notification, now = Date.now()): boolean {
  if (notification.archived_at) return shown === 'archived';
  const { snoozed_until } = notification;
  if (snoozed_until && Date.parse(snoozed_until) > now) return shown === 'snoozed';
  return shown === 'inbox' || (shown === 'unread' && !notification.read_at);
}

/** The moments until which something is snoozed: in three hours, and at nine of two mornings of the reader. */
export function snoozeTimes(now = new Date()): Record<'later' | 'tomorrow' | 'monday', string> {
  const nine = (day: string) => new Date(`${day}T09:00:00`).toISOString();
  return {
    later: new Date(now.getTime() + 3 * 3_600_000).toISOString(),
    tomorrow: nine(dayAfter(1, now)),
    monday: nine(nextWeekday(1, now)),
  };
}
