import type { Schema } from '@/api/client';
import type { Priority, Status } from '@/tasks/task';
import { type Columns, dayIn, guessColumns, priorityOf, statusOf } from './columns';
import { isExport, readExport } from './read-export';

/** A task of another tracker: people and labels by their names. */
export type Draft = {
  externalId: string;
  title: string;
  description: string;
  status: Status;
  priority: Priority;
  labels: string[];
  assignee?: string;
  due?: string;
  url?: string;
  /** Name of its project. */
  project?: string;
  /** `externalId` of the task above it. */
  parent?: string;
  /** What else an export knows of it. */
  rest?: Pick<Schema['NewTask'], 'due_at' | 'metadata'>;
};

/** What a file has: rows whose columns can be chosen, or tasks that need no choice. */
export type Content =
  | { kind: 'table'; headings: string[]; rows: string[][]; columns: Columns }
  | { kind: 'tasks'; source: string; drafts: Draft[]; organization?: string };

/** Longest texts of a task, in characters, as the API takes them. */
const TITLE = 200;
const DESCRIPTION = 20_000;
const LABEL = 50;
const LABELS = 20;

/** Reads a file: JSON of `gh issue list --json ..`, an export of this application, else a table of values that commas, tabs or semicolons separate. */
export async function readText(text: string): Promise<Content> {
  const trimmed = text.replace(/^\uFEFF/, '').trim();
  if (trimmed.startsWith('[')) return readIssues(JSON.parse(trimmed));
  if (isExport(trimmed)) {
    const { organization, drafts } = readExport(trimmed, draft);
    return { kind: 'tasks', source: `miyabi:${organization}`, drafts, organization };
  }
  const { parse } = (await import('papaparse')).default;
  const { data } = parse<string[]>(trimmed, { skipEmptyLines: 'greedy' });
  const [headings = [], ...rows] = data;
  return { kind: 'table', headings, rows, columns: guessColumns(headings) };
}

type Issue = {
  number?: number;
  title?: string;
  body?: string | null;
  state?: string;
  stateReason?: string | null;
  url?: string;
  labels?: { name?: string }[];
  assignees?: { login?: string }[];
};

function readIssues(issues: Issue[]): Content {
  const address = issues.find(({ url }) => url)?.url ?? '';
  const repository = /^https:\/\/[^/]+\/([^/]+\/[^/]+)\//.exec(address)?.[1];
  const drafts = issues.flatMap((issue) => {
    if (!issue.title || issue.number === undefined) return [];
    return draft({
      externalId: String(issue.number),
      title: issue.title,
      description: issue.body ?? '',
      status: issue.state?.toUpperCase() === 'CLOSED' ? closedAs(issue.stateReason) : 'pending',
      priority: 'p2',
      labels: (issue.labels ?? []).flatMap(({ name }) => name ?? []),
      assignee: issue.assignees?.[0]?.login,
      url: issue.url,
    });
  });
  return { kind: 'tasks', source: `github:${repository ?? 'issues'}`, drafts };
}

function closedAs(reason: string | null | undefined): Status {
  return /not.?planned|duplicate/i.test(reason ?? '') ? 'cancelled' : 'completed';
}

/** The tasks of a table. A row without a title is none; one without an id is known by what it says. */
export async function draftsOf(rows: string[][], columns: Columns): Promise<Draft[]> {
  const found: Draft[] = [];
  for (const row of rows) {
    const cell = (index: number | undefined) => (index === undefined ? '' : (row[index] ?? '').trim());
    const title = cell(columns.title);
    if (!title) continue;
    found.push(
      draft({
        externalId: cell(columns.id) || (await hash(row.join('\u001f'))),
        title,
        description: cell(columns.description),
        status: statusOf(cell(columns.status)),
        priority: priorityOf(cell(columns.priority)),
        labels: cell(columns.labels).split(/[,;、]/),
        assignee: cell(columns.assignee) || undefined,
        due: dayIn(cell(columns.due)),
        url: cell(columns.url) || undefined,
      }),
    );
  }
  return found;
}

/** The first half of the SHA-256 of a text, in hexadecimal digits. */
async function hash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest, 0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Within what the API takes: what is too long ends with an ellipsis, characters that nobody sees go. */
function draft(content: Draft): Draft {
  const line = content.title.replace(/\s+/g, ' ').trim();
  const labels = content.labels.map((label) => label.trim().slice(0, LABEL)).filter(Boolean);
  return {
    ...content,
    externalId: content.externalId.slice(0, 200),
    title: shortened(line, TITLE),
    description: shortened(content.description.replace(/\r\n?/g, '\n'), DESCRIPTION),
    labels: [...new Set(labels)].slice(0, LABELS),
    url: content.url && /^https?:\/\/[!-~]{1,1900}$/.test(content.url) ? content.url : undefined,
  };
}

function shortened(text: string, most: number): string {
  // By characters as the API counts them, not by halves of them.
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}
