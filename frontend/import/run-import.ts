import { api, body, type Schema } from '@/api/client';
import { everyPage } from '@/api/every-page';
import type { Person } from '@/tasks/task';
import { fetchTasks } from '@/tasks/task-queue';
import type { Draft } from './read-file';

/** Most tasks and bytes of a request: the API takes 200 tasks and 1 MiB. */
const MOST = 200;
/** Most tasks that are read at once. */
const MOST_READ = 100;
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

/**
 * The labels of the drafts by their folded names: those that are missing are created. They are asked for: what
 * the page has loaded may be less.
 */
export async function labelIds(drafts: Draft[]): Promise<Map<string, string>> {
  if (drafts.every(({ labels }) => labels.length === 0)) return new Map();
  const known = await everyPage((query) => body(api.GET('/api/labels', { params: { query } })));
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

/** The same for their projects. */
export async function projectIds(drafts: Draft[]): Promise<Map<string, string>> {
  if (drafts.every(({ project }) => !project)) return new Map();
  const known = await everyPage((query) => body(api.GET('/api/projects', { params: { query } })));
  const ids = new Map(known.map(({ id, name }) => [fold(name), id]));
  for (const name of new Set(drafts.flatMap(({ project }) => project ?? []))) {
    if (ids.has(fold(name))) continue;
    const project = await body(api.POST('/api/projects', { body: { name } }));
    ids.set(fold(name), project.id);
  }
  return ids;
}

/** Whom tasks can be assigned to: every member, when there is somebody to be found. */
export async function membersFor(drafts: Draft[]): Promise<Person[]> {
  if (drafts.every(({ assignee }) => !assignee)) return [];
  return everyPage((query) => body(api.GET('/api/members', { params: { query } })));
}

/** The drafts in groups of which each needs those before: tasks first, then their sub-tasks. */
export function waves(drafts: Draft[]): Draft[][] {
  const found: Draft[][] = [];
  const done = new Set<string>();
  let left = drafts;
  while (left.length > 0) {
    const here = new Set(left.map(({ externalId }) => externalId));
    const ready = left.filter(({ parent }) => !parent || done.has(parent) || !here.has(parent));
    // Tasks above each other in a circle are in no export: they come without what is above them.
    const wave = ready.length > 0 ? ready : left;
    for (const { externalId } of wave) done.add(externalId);
    left = left.filter(({ externalId }) => !done.has(externalId));
    found.push(wave);
  }
  return found;
}

/** What the names of drafts mean here. */
export type Known = {
  labels: Map<string, string>;
  people: Person[];
  /** Projects by their folded names; with `project`, all tasks come into that one. */
  projects: Map<string, string>;
  project: string | null;
  /** Tasks here by their ids there. */
  tasks: Map<string, string>;
};

/** The tasks as the API takes them. Somebody who is not a member is nobody's assignee. */
export function itemsOf(drafts: Draft[], source: string, known: Known): Item[] {
  const { labels, people, projects, project, tasks } = known;
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
        project_id: project ?? (draft.project ? projects.get(fold(draft.project)) : undefined),
        parent_id: draft.parent ? tasks.get(draft.parent) : undefined,
        ...draft.rest,
      },
    };
  });
}

/**
 * Sends the batches, one after the other. Repeated after a failure it skips what was imported: by the
 * server, which knows each task by its source and its id. Those in `known.tasks` already are skipped here.
 */
export async function runImport(
  drafts: Draft[],
  source: string,
  known: Known,
  report: (progress: Progress) => void,
): Promise<Progress> {
  const progress: Progress = { done: 0, created: 0, skipped: 0 };
  const count = (done: number, created: number) => {
    progress.done += done;
    progress.created += created;
    progress.skipped += done - created;
    report({ ...progress });
  };
  const wanted = drafts.filter(({ externalId }) => !known.tasks.has(externalId));
  count(drafts.length - wanted.length, 0);
  for (const wave of waves(wanted)) {
    for (const batch of batches(itemsOf(wave, source, known))) {
      const params = { header: { 'Idempotency-Key': crypto.randomUUID() } };
      const request = api.POST('/api/tasks/import', { params, body: { items: batch } });
      const { items: results } = await body(request);
      results.forEach(({ task_id }, index) => {
        known.tasks.set(batch[index]?.external_id ?? '', task_id);
      });
      count(batch.length, results.filter(({ created }) => created).length);
    }
  }
  return progress;
}

/** Those of some ids that are tasks of this organization, each as its own. */
export async function tasksHere(ids: string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (let first = 0; first < ids.length; first += MOST_READ) {
    for (const { id } of await fetchTasks(ids.slice(first, first + MOST_READ))) found.set(id, id);
  }
  return found;
}
