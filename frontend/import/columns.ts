import { PRIORITIES, type Priority, type Status } from '@/tasks/task';

/** What a column of a table can be. */
export const FIELDS = [
  'title',
  'description',
  'status',
  'priority',
  'labels',
  'assignee',
  'due',
  'id',
  'url',
] as const;
export type Field = (typeof FIELDS)[number];
/** For each field the index of its column; absent: no column has it. */
export type Columns = Partial<Record<Field, number>>;

/** Names that trackers give these columns, in small letters: Jira, Linear, GitHub, Trello, Asana, Redmine, Backlog. */
const NAMES: Record<Field, RegExp> = {
  title: /^(title|summary|subject|name|card name|task name|件名|タイトル|名前|課題名|題名)$/,
  description: /^(description|body|notes|card description|content|詳細|説明|本文|内容)$/,
  status: /^(status|state|list|list name|column|section\/column|状態|ステータス|ステート)$/,
  priority: /^(priority|importance|優先度)$/,
  labels: /^(labels?|tags?|category|カテゴリー?|ラベル|タグ|種別)$/,
  assignee: /^(assignees?|assigned to|owner|assignee email|担当者?)$/,
  due: /^(due|due date|due on|deadline|期限日?|期日|締切)$/,
  id: /^(id|key|issue key|issue id|identifier|number|card id|task id|#|キー|番号)$/,
  url: /^(url|link|card url|permalink|issue url|リンク)$/,
};

/** Which column is which, by its heading; the first of several that could be one. */
export function guessColumns(headings: string[]): Columns {
  const found: Columns = {};
  const names = headings.map((heading) => heading.normalize('NFKC').trim().toLowerCase());
  for (const field of FIELDS) {
    const index = names.findIndex((name) => NAMES[field].test(name));
    if (index >= 0) found[field] = index;
  }
  return found;
}

const STATUSES: [Status, RegExp][] = [
  ['cancelled', /cancel|won.?t|not.?planned|declined|duplicate|rejected|中止|却下|キャンセル|対応しない/i],
  ['failed', /fail|失敗/i],
  ['pending', /not started|to.?do|backlog|reopened|未着手|未対応|未完了/i],
  ['completed', /done|closed|complete|resolved|merged|shipped|完了|済み|解決|クローズ/i],
  ['in_progress', /progress|doing|started|review|active|進行|処理中|対応中|作業中|レビュー/i],
];

/** The status that a word of another tracker means; what nobody knows is still to be done. */
export function statusOf(text: string): Status {
  return STATUSES.find(([, words]) => words.test(text))?.[0] ?? 'pending';
}

const PRIORITY_WORDS: [Priority, RegExp][] = [
  ['p0', /urgent|highest|critical|blocker|immediate|緊急|最優先|最高/i],
  ['p3', /lowest|low|minor|trivial|低/i],
  ['p1', /high|major|important|高/i],
];

/** The priority that a word of another tracker means; normal, when nobody knows. */
export function priorityOf(text: string): Priority {
  const word = text.trim().toLowerCase();
  const same = PRIORITIES.find((priority) => priority === word);
  return same ?? PRIORITY_WORDS.find(([, words]) => words.test(word))?.[0] ?? 'p2';
}

/**
 * The day of a cell: `2026-11-27`, also with a time behind it, `2026/11/27` and `27/Nov/26`; undefined for
 * one that could be two days, as `01/02/2026`.
 */
export function dayIn(text: string): string | undefined {
  const year = /^\s*(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})/.exec(text);
  if (year) return dayOf(Number(year[1]), Number(year[2]), Number(year[3]));
  const named = /^\s*(\d{1,2})[-/ ]([A-Za-z]{3})[a-z]*[-/ ](\d{4}|\d{2})\b/.exec(text);
  if (!named) return undefined;
  const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
  const month = months.indexOf(named[2]?.toLowerCase() ?? '') + 1;
  const full = Number(named[3]) < 100 ? 2000 + Number(named[3]) : Number(named[3]);
  return month > 0 ? dayOf(full, month, Number(named[1])) : undefined;
}

function dayOf(year: number, month: number, day: number): string | undefined {
  const date = new Date(Date.UTC(year, month - 1, day));
  // The 31st of November would become the first of December.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || year < 1970) return undefined;
  return date.toISOString().slice(0, 10);
}
