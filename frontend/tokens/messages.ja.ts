import type { TokenMessages } from './messages';

/** The texts of the API tokens in Japanese. */
export const ja: TokenMessages = {
  lead: 'トークンを使うと、プログラムがこの組織であなたとしてAPIを利用できます。ここで選んだ範囲に限られ、あなたのロールの権限を超えることはありません。',
  documentation: 'APIドキュメント',
  create: '新しいトークン',
  submit: 'トークンを作成',
  name: '名前',
  nameHint: '用途',
  permissions: '許可する操作',
  expiry: '有効期間',
  days: { 7: '7日', 30: '30日', 90: '90日', 365: '1年' },
  token: '新しいトークン',
  once: 'このトークンは一度だけ表示されます。今コピーしてください。後から読むことはできず、失効させることだけができます。',
  copy: 'コピー',
  copied: 'トークンをコピーしました',
  hide: '保存しました',
  endsWith: (end) => `末尾は ${end}`,
  until: (when) => `${when} まで`,
  used: (when) => `最終使用：${when}`,
  unused: '未使用',
  revoke: '失効させる',
  revokeSure: (name) => `「${name}」を失効させますか？使用中のプログラムはすぐに拒否されます。`,
  revoked: (name) => `「${name}」を失効させました`,
  empty: 'トークンはまだありません。',
  none: 'あなたのロールには、トークンに与えられる権限がありません。',
  states: { active: '有効', expired: '期限切れ', revoked: '失効済み' },
};
