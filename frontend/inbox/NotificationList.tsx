'use client';

import { useEffect, useRef } from 'react';
import { Avatar, nameOf } from '@/components/Avatar';
import { Glyph, type IconName } from '@/components/icons';
import { ago, moment } from '@/messages/dates';
import { useLanguage, useMessages } from '@/messages/language';
import { inboxMessages } from './messages';
import { type Notification, reasonsOf } from './notification';
import type { Notifications } from './use-notifications';

export type NotificationActions = {
  open: (notification: Notification) => void;
  archive: (notification: Notification) => void;
  toggleRead: (notification: Notification) => void;
  snooze: (notification: Notification) => void;
};

/** The notifications, one a line. The list has the focus and names its active row. */
export function NotificationList({
  list,
  active,
  actions,
}: {
  list: Notifications;
  active: string | null;
  actions: NotificationActions;
}) {
  const app = useMessages();
  const m = inboxMessages.useTexts();
  const element = useRef<HTMLDivElement>(null);
  const isShown = list.items.some(({ id }) => id === active);
  useEffect(() => {
    if (active) document.getElementById(`notification-${active}`)?.scrollIntoView({ block: 'nearest' });
  }, [active]);
  return (
    <div className="min-h-0 grow overflow-y-auto">
      <div
        ref={element}
        id="inbox-list"
        role="grid"
        aria-label={m.listLabel}
        aria-activedescendant={isShown ? `notification-${active}` : undefined}
        tabIndex={0}
        // A button that was pressed in a row keeps no focus: keys act on the active row again.
        onClick={() => element.current?.focus({ preventScroll: true })}
        className="focus-visible:outline-none"
      >
        {list.items.map((notification) => (
          <Row
            key={notification.id}
            notification={notification}
            isActive={notification.id === active}
            actions={actions}
          />
        ))}
      </div>
      {list.hasMore && (
        <button type="button" className="button m-4" onClick={list.loadMore}>
          {app.tasks.more}
        </button>
      )}
    </div>
  );
}

function Row({
  notification,
  isActive,
  actions,
}: {
  notification: Notification;
  isActive: boolean;
  actions: NotificationActions;
}) {
  const m = inboxMessages.useTexts();
  const language = useLanguage();
  const { actor, task } = notification;
  const isUnread = !notification.read_at;
  const isSnoozed = notification.snoozed_until && Date.parse(notification.snoozed_until) > Date.now();
  const reasons = reasonsOf(notification)
    .map((reason) => m.did[reason])
    .join(m.separator);
  return (
    <div
      id={`notification-${notification.id}`}
      role="row"
      aria-selected={isActive}
      tabIndex={-1}
      data-active={isActive}
      className={`relative flex min-h-13 items-center gap-2 border-line border-b px-3 hover:bg-hover ${isActive ? 'bg-hover' : ''}`}
    >
      {isActive && <span aria-hidden="true" className="absolute inset-y-0 left-0 w-0.5 bg-primary-ink" />}
      <span role="gridcell" className="flex shrink-0 items-center gap-2">
        <svg viewBox="0 0 8 8" width="8" height="8" aria-hidden="true">
          {isUnread && <circle cx="4" cy="4" r="4" className="fill-primary-ink" />}
        </svg>
        {isUnread && <span className="sr-only">{m.unread}</span>}
        <Avatar person={actor} />
      </span>
      <span role="gridcell" className="min-w-0 grow">
        <button
          type="button"
          tabIndex={-1}
          className="block min-h-11 w-full py-1 text-left"
          onClick={() => actions.open(notification)}
        >
          <span className={`block truncate ${isUnread ? 'font-semibold' : ''}`}>{task.title}</span>
          <span className="block truncate text-muted text-xs">
            {nameOf(actor)} {reasons}
            {' · '}
            <time dateTime={notification.updated_at} title={moment(notification.updated_at, language)}>
              {ago(notification.updated_at, language)}
            </time>
            {isSnoozed && ` · ${m.until(moment(notification.snoozed_until ?? '', language))}`}
          </span>
        </button>
      </span>
      <span role="gridcell" className="flex shrink-0">
        <RowButton
          label={isUnread ? m.markRead : m.markUnread}
          hint="U"
          icon="mail"
          onClick={() => actions.toggleRead(notification)}
        />
        <RowButton
          label={isSnoozed ? m.unsnooze : m.snooze}
          hint="H"
          icon="clock"
          onClick={() => actions.snooze(notification)}
        />
        <RowButton
          label={notification.archived_at ? m.unarchive : m.archive}
          hint="E"
          icon="archive"
          onClick={() => actions.archive(notification)}
        />
      </span>
    </div>
  );
}

function RowButton({
  label,
  hint,
  icon,
  onClick,
}: {
  label: string;
  hint: string;
  icon: IconName;
  onClick: () => void;
}) {
  return (
    <button
      type="button"
      tabIndex={-1}
      className="icon-button"
      aria-label={label}
      title={`${label} ${hint}`}
      onClick={onClick}
    >
      <Glyph name={icon} />
    </button>
  );
}
