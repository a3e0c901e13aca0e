import type { JoinMessages } from './messages';

/** The texts of the invitation page in Japanese. */
export const ja: JoinMessages = {
  title: '招待されています',
  signIn: '招待を見るには、GitHubでサインインしてください。サインイン後、この招待に戻ります。',
  signInButton: 'GitHubでサインイン',
  lead: (organization, role) => `「${organization}」にロール「${role}」で参加します。`,
  expires: (when) => `招待の有効期限は ${when} です。`,
  signedInAs: (login) => `${login} としてサインインしています。`,
  join: (organization) => `「${organization}」に参加`,
  joining: '参加しています',
  otherAccount: '別のアカウントを使う',
  notNow: '今はしない',
  open: (organization) => `「${organization}」を開く`,
  tasks: 'タスクを開く',
  joined: (organization) => `「${organization}」に参加しましたが、開けませんでした。`,
  refused: {
    wrongAccount: {
      title: '別の人への招待です',
      text: (wanted, present) =>
        `GitHubアカウント ${wanted} への招待です。現在は ${present} としてサインインしています。`,
      anonymous: (present) =>
        `別のGitHubアカウントへの招待です。現在は ${present} としてサインインしています。`,
      button: (wanted) => `${wanted} としてサインイン`,
    },
    removed: {
      title: 'この招待は古くなっています',
      text: '招待の作成後に、あなたは組織を退出したか、削除されました。新しい招待を依頼してください。',
    },
    member: {
      title: 'すでにメンバーです',
      text: '何もする必要はありません。招待は使用されていません。',
    },
    tooMany: {
      title: '所属する組織が多すぎます',
      text: '一人が所属できる組織は100までです。設定からどれかを退出して、このリンクをもう一度開いてください。',
    },
    closed: {
      title: 'この招待はもう使えません',
      text: '有効期限が切れたか、使用回数に達したか、取り消されました。新しい招待を依頼してください。',
    },
    expired: { title: 'この招待は期限切れです', text: '新しい招待を依頼してください。' },
    used_up: {
      title: 'この招待は使用済みです',
      text: '使用できる人数に達しました。新しい招待を依頼してください。',
    },
    revoked: { title: 'この招待は取り消されました', text: '招待した人に確認してください。' },
    unknown: {
      title: '招待ではありません',
      text: 'リンクが不完全か、正しくコピーされていません。もう一度リンクをもらってください。',
    },
  },
};
