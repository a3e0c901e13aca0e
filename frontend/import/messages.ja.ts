import type { ImportMessages } from './messages';

/** The texts of the import in Japanese. */
export const ja: ImportMessages = {
  lead: 'ほかのツールのCSVファイル、Miyabiのエクスポート、またはGitHubの出力からタスクを取り込みます：gh issue list --state all --limit 1000 --json number,title,body,state,stateReason,url,labels,assignees',
  file: 'ファイル',
  source: '取り込み元の名前',
  sourceHint: '同じ取り込み元の同じIDのタスクは、何度繰り返しても一度だけ取り込まれます。',
  project: '取り込み先のプロジェクト',
  sameProject: '同じ名前のプロジェクト',
  columns: '列の割り当て',
  noColumn: '列なし',
  fields: {
    title: 'タイトル',
    description: '説明',
    status: 'ステータス',
    priority: '優先度',
    labels: 'ラベル',
    assignee: '担当者',
    due: '期限',
    id: 'ID（識別子）',
    url: 'アドレス',
  },
  preview: (shown, all) => `${all}件のうち最初の${shown}件`,
  none: 'タイトルのあるタスクがありません。タイトルの列を選んでください。',
  unreadable: (name) => `${name} を読み込めませんでした`,
  submit: (n) => `${n}件を取り込む`,
  progress: (done, all) => `${all}件中${done}件`,
  done: (created, skipped) => `${created}件を取り込みました。${skipped}件は取り込み済みでした。`,
  stopped: '取り込みが中断しました。もう一度実行してください。取り込み済みのタスクは飛ばされます。',
  show: 'タスクを表示',
  exportTitle: 'エクスポート',
  exportLead:
    'この組織のすべてのデータを一つのファイルに保存します。タスク、プロジェクト、ラベルは取り込むことができます。',
  exportButton: 'エクスポートを保存',
  exportFailed: 'エクスポートを保存できませんでした',
};
