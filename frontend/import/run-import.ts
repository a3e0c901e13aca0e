import { api, body, type Schema } from '@/api/client';
import type { Label, Person } from '@/tasks/task';
import type { Draft } from './read-file';

/** Most tasks and bytes of a request: the API takes 200 tasks and 1 MiB. */
const MOST = 200;
const BYTES = 900_000;

export type Progress = { done: number; created: number; skipped: number };
type Item = Schema['ImportedTask'];

/** Tasks in batches that the API takes. */
export function batches(items: Item[]): Item[][] {
  const found: Item[][] = [];
  let size = 0;
  const encoder = new TextEncoder();
  for (const item of items) {
    const bytes = encoder.encode(JSON.stringify(item)).length + 1;
    const current = found.at(-1);
    if (!current || current.length >= MOST || size + bytes > BYTES) {
      found.push([item]);
      size = bytes;
    } else {
      current.push(item);
      size += bytes;
    }
  }
  return found;
}

/** The labels of the drafts by their folded names: those that are missing are created. */
export async function labelIds(drafts: Draft[], known: Label[]): Promise<Map<string, string>> {
  const ids = new Map(known.map(({ id, name }) => [fold(name), id]));
  for (const name of drafts.flatMap(({ labels }) => labels)) {
    if (ids.has(fold(name))) continue;
    const label = await body(api.POST('/api/labels', { body: { name, color: '#64748b' } }));
    ids.set(fold(name), label.id);
  }
  return ids;
}

function fold(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}

/** The tasks as the API takes them. Somebody who is not a member is nobody's assignee. */
export function itemsOf(
  drafts: Draft[],
  source: string,
  labels: Map<string, string>,
  people: Person[],
  project: string | null,
): Item[] {
  const logins = new Map(people.map(({ id, login }) => [login.toLowerCase(), id]));
  const names = new Map(people.flatMap(({ id, name }) => (name ? [[name.toLowerCase(), id] as const] : [])));
  return drafts.map((draft) => {
    const person = draft.assignee?.toLowerCase();
    return {
      source,
      external_id: draft.externalId,
      url: draft.url,
      task: {
        title: draft.title,
        description: draft.description,
        status: draft.status,
        priority: draft.priority,
        due_on: draft.due,
        assignee_id: person ? (logins.get(person) ?? names.get(person)) : undefined,
        label_ids: [...new Set(draft.labels.flatMap((name) => labels.get(fold(name)) ?? []))],
        project_id: project ?? undefined,
      },
    };
  });
}

/**
 * Sends the batches, one after the other. Repeated after a failure it skips what was imported: by the
 * server, which knows each task by its source and its id.
 */
export async function runImport(items: Item[], report: (progress: Progress) => void): Promise<Progress> {
  const progress: Progress = { done: 0, created: 0, skipped: 0 };
  for (const batch of batches(items)) {
    const params = { header: { 'Idempotency-Key': crypto.randomUUID() } };
    const { items: results } = await body(api.POST('/api/tasks/import', { params, body: { items: batch } }));
    const created = results.filter((result) => result.created).length;
    progress.done += batch.length;
    progress.created += created;
    progress.skipped += batch.length - created;
    report({ ...progress });
  }
  return progress;
}
