import type { ActivityMessages } from './messages';

/** The texts of the audit trail in Japanese. */
export const ja: ActivityMessages = {
  title: 'アクティビティ',
  empty: 'まだ何も起きていません。',
  denied: '拒否',
  everything: 'すべて',
  onlyDenied: '拒否のみ',
  outcome: '結果',
  nobody: '誰か',
  missing: 'あなたのロールには監査ログの閲覧が含まれていません。',
  did: {
    'task.create': 'がタスクを作成',
    'task.update': 'がタスクを変更',
    'task.delete': 'がタスクを削除',
    'task.restore': 'がタスクを復元',
    'comment.create': 'がコメント',
    'comment.update': 'がコメントを編集',
    'comment.delete': 'がコメントを削除',
    'label.create': 'がラベルを作成',
    'label.update': 'がラベルを変更',
    'label.delete': 'がラベルを削除',
    'auth.sign_in': 'がサインイン',
    'auth.sign_out': 'がサインアウト',
    'auth.sign_out_everywhere': 'がすべてのセッションからサインアウト',
    'auth.end_session': 'がセッションを終了',
    'auth.switch': 'が組織を切り替え',
  },
  title_: (title) => `「${title}」`,
};
