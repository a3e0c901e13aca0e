import type { ViewMessages } from './messages';

/** The texts of the dialog of saved views in Japanese. */
export const ja: ViewMessages = {
  title: 'ビュー',
  lead: 'ビューは、絞り込みと並び順を含むリストまたはボードに名前を付けて保存したものです。',
  open: '保存したビュー',
  empty: '保存したビューはまだありません。',
  save: '現在の表示を保存',
  as: '保存先',
  asNew: '新しいビュー',
  name: '名前',
  shared: '組織の全員に表示する',
  isShared: '共有',
  submit: 'ビューを保存',
  saved: (name) => `ビュー「${name}」を保存しました`,
  up: (name) => `「${name}」を上へ`,
  remove: (name) => `ビュー「${name}」を削除`,
  removed: (name) => `ビュー「${name}」を削除しました`,
};
