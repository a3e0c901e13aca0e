import type { Schema } from '@/api/client';
import { PRIORITIES, STATUSES } from '@/tasks/task';
import type { Draft } from './read-file';

/** A line of `GET /api/export`: handlers/tasks/src/export.rs. */
type Row = Record<string, unknown>;

/** What an export has: the organization that it is of, and its tasks. */
export type Exported = { organization: string; name: string; drafts: Draft[] };

/** Whether a text begins as an export does. */
export function isExport(text: string): boolean {
  return /^\{\s*"table"/.test(text);
}

/**
 * Reads an export, all of its parts one after the other. Throws when a line is not JSON, or when it does not
 * say of which organization it is. Comments, roles and members are left out: nobody can be given words or
 * rights by a file.
 */
export function readExport(text: string, draft: (content: Draft) => Draft): Exported {
  const tables = new Map<string, Row[]>();
  for (const line of text.split('\n')) {
    if (!line.trim()) continue;
    const { table, row } = JSON.parse(line) as { table: string; row: Row };
    tables.set(table, [...(tables.get(table) ?? []), row]);
  }
  const organization = tables.get('organization')?.[0];
  if (!organization) throw new Error('The file does not say of which organization it is.');
  const named = (table: string, key: string, name: string) =>
    new Map((tables.get(table) ?? []).map((row) => [row[key], row[name] as string]));
  const logins = named('members', 'user_id', 'login');
  const labels = named('labels', 'id', 'name');
  const projects = named('projects', 'id', 'name');
  const drafts = (tables.get('tasks') ?? []).map((row) =>
    draft({
      externalId: String(row.id),
      title: String(row.title),
      description: String(row.description ?? ''),
      status: STATUSES.find((status) => status === row.status) ?? 'pending',
      priority: PRIORITIES.find((priority) => priority === row.priority) ?? 'p2',
      labels: ((row.label_ids ?? []) as string[]).flatMap((id) => labels.get(id) ?? []),
      assignee: logins.get(row.assignee_id),
      due: (row.due_on ?? undefined) as string | undefined,
      project: projects.get(row.project_id),
      parent: (row.parent_id ?? undefined) as string | undefined,
      rest: {
        due_at: (row.due_at ?? undefined) as string | undefined,
        metadata: (row.metadata ?? undefined) as Schema['NewTask']['metadata'],
      },
    }),
  );
  return { organization: String(organization.id), name: String(organization.name), drafts };
}
