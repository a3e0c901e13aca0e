import type { InboxMessages } from './messages';

/** The texts of the inbox in Japanese. */
export const ja: InboxMessages = {
  listLabel: '通知。J と K で移動、Enter で開く、E でアーカイブ、U で未読、H でスヌーズ。',
  keys: '受信箱',
  show: '表示',
  shown: { inbox: '受信箱', unread: '未読', snoozed: 'スヌーズ中', archived: 'アーカイブ済み' },
  did: {
    mentioned: 'があなたにメンション',
    assigned: 'があなたに割り当て',
    watching: 'がコメントまたはステータスを変更',
  },
  separator: '、',
  unread: '未読',
  archive: 'アーカイブ',
  unarchive: '受信箱に戻す',
  markRead: '既読にする',
  markUnread: '未読にする',
  snooze: 'スヌーズ',
  unsnooze: 'スヌーズを解除',
  snoozeUntil: 'いつまでスヌーズするか',
  until: (when) => `${when} まで`,
  later: '3時間後',
  tomorrow: '明日の9時',
  monday: '次の月曜日の9時',
  allRead: 'すべて既読にする',
  archived: (title) => `「${title}」をアーカイブしました`,
  snoozed: (title) => `「${title}」をスヌーズしました`,
  empty: {
    inbox: '受信箱は空です。割り当て、メンション、ウォッチ中のタスクの変更がここに届きます。',
    unread: '未読はありません。',
    snoozed: 'スヌーズ中の通知はありません。',
    archived: 'アーカイブ済みの通知はありません。',
  },
};
