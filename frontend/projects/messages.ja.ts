import type { ProjectMessages } from './messages';

/** The texts of the projects in the settings in Japanese. */
export const ja: ProjectMessages = {
  lead: 'プロジェクトはタスクをまとめます。権限は変わらず、タスクを閲覧できる人は全プロジェクトを閲覧できます。',
  create: '新しいプロジェクト',
  submit: 'プロジェクトを作成',
  name: '名前',
  color: '色',
  colorOf: (name) => `「${name}」の色`,
  nameOf: (name) => `「${name}」の名前`,
  up: (name) => `「${name}」を上へ`,
  down: (name) => `「${name}」を下へ`,
  moved: (name, place) => `「${name}」は${place}番目になりました`,
  archive: 'アーカイブ',
  restore: '復元',
  archived: 'アーカイブ済み',
  archiveDone: (name) => `「${name}」をアーカイブしました。タスクはそのまま残ります。`,
  tasks: (name) => `「${name}」のタスク`,
  empty: 'プロジェクトはまだありません。',
};
