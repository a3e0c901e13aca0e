import { dueKey } from './due-date';
import { isOpen, OPEN, PRIORITIES, type Priority, STATUSES, type Status, type Task } from './task';

export type Sort = '-created_at' | '-updated_at' | 'due_at' | '-priority' | 'title' | 'rank';
export const SORTS: readonly Sort[] = ['-created_at', '-updated_at', 'due_at', '-priority', 'title', 'rank'];
export type View = 'list' | 'board';

/** What the list shows, as the address of the page says it. */
export type ListQuery = {
  view: View;
  /** `open` is the default: what is still to be done. */
  status: Status | 'open' | 'all';
  priority: Priority | null;
  /** An id, `me`, `none`, or null for everybody. */
  assignee: string | null;
  label: string | null;
  /** An id, `none`, or null for all. */
  project: string | null;
  q: string;
  sort: Sort;
  /** The task in the drawer. */
  task: string | null;
};

function oneOf<T extends string>(values: readonly T[], value: string | null): T | null {
  return values.find((known) => known === value) ?? null;
}

/** The query that an address has. What it does not know is left out. */
export function parseQuery(parameters: URLSearchParams): ListQuery {
  const get = (name: string) => parameters.get(name);
  return {
    view: get('view') === 'board' ? 'board' : 'list',
    status: oneOf([...STATUSES, 'open', 'all'] as const, get('status')) ?? 'open',
    priority: oneOf(PRIORITIES, get('priority')),
    assignee: get('assignee'),
    label: get('label'),
    project: get('project'),
    q: get('q') ?? '',
    sort: oneOf(SORTS, get('sort')) ?? '-created_at',
    task: get('task'),
  };
}

/** The address of a query: only what differs from the default. */
export function queryString(query: ListQuery): string {
  const parameters = new URLSearchParams();
  if (query.view === 'board') parameters.set('view', 'board');
  if (query.status !== 'open') parameters.set('status', query.status);
  for (const name of ['priority', 'assignee', 'label', 'project', 'q', 'task'] as const) {
    const value = query[name];
    if (value) parameters.set(name, value);
  }
  if (query.sort !== '-created_at') parameters.set('sort', query.sort);
  const text = parameters.toString();
  return text ? `?${text}` : '';
}

/** The request for a page of the list. */
export function listUrl(query: ListQuery, cursor?: string | null): string {
  const parameters = new URLSearchParams({ limit: '100' });
  // The board shows every status in its own column.
  const status = query.view === 'board' && query.status === 'open' ? 'all' : query.status;
  if (status === 'open') parameters.set('status', OPEN.join(','));
  else if (status !== 'all') parameters.set('status', status);
  if (query.priority) parameters.set('priority', query.priority);
  if (query.assignee) parameters.set('assignee', query.assignee);
  if (query.label) parameters.set('label', query.label);
  if (query.project) parameters.set('project', query.project);
  const text = query.q.trim();
  if (text) parameters.set('q', text);
  // A search has an order of its own, the best hits first.
  else parameters.set('sort', query.sort);
  if (cursor) parameters.set('cursor', cursor);
  return `/api/tasks?${parameters}`;
}

/** Whether the open tasks are all that a list can have: no search, no closed ones. */
export function isOfOpenTasks(query: ListQuery): boolean {
  const { view, status, q } = query;
  return !q && view === 'list' && (status === 'open' || OPEN.some((open) => open === status));
}

/** Whether a task belongs to the list, as far as this page can say: words are the server's matter. */
export function matches(task: Task, query: ListQuery, me: string): boolean {
  const { status, priority, assignee, label, project } = query;
  if (
    status === 'open' ? query.view === 'list' && !isOpen(task) : status !== 'all' && task.status !== status
  ) {
    return false;
  }
  if (priority && task.priority !== priority) return false;
  if (label && !task.labels.some(({ id }) => id === label)) return false;
  if (project && (task.project_id ?? 'none') !== project) return false;
  if (assignee === 'none') return !task.assignee;
  if (assignee) return task.assignee?.id === (assignee === 'me' ? me : assignee);
  return true;
}

// `localeCompare` makes one for each comparison.
const titles = new Intl.Collator();

/** The order of a list, as the API has it: handlers/tasks/src/list/order.rs. */
export function comparison(sort: Sort): (a: Task, b: Task) => number {
  const text = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
  const newest = (a: Task, b: Task) => text(b.created_at, a.created_at) || text(b.id, a.id);
  switch (sort) {
    case '-created_at':
      return newest;
    case '-updated_at':
      return (a, b) => text(b.updated_at, a.updated_at) || text(b.id, a.id);
    case 'due_at':
      // Two infinities have no difference.
      return (a, b) => (dueKey(a) === dueKey(b) ? text(a.id, b.id) : dueKey(a) - dueKey(b));
    case '-priority':
      return (a, b) => text(a.priority, b.priority) || -newest(a, b);
    case 'title':
      return (a, b) => titles.compare(a.title, b.title) || text(a.id, b.id);
    case 'rank':
      return (a, b) => text(a.rank, b.rank) || text(a.id, b.id);
  }
}

/** The query without filters and without a search. */
export const NO_FILTERS: Partial<ListQuery> = {
  status: 'open',
  priority: null,
  assignee: null,
  label: null,
  project: null,
  q: '',
};

/** Whether anything but the order and the view is not as by default. */
export function isFiltered(query: ListQuery): boolean {
  const { priority, assignee, label, project, q } = query;
  return query.status !== 'open' || Boolean(priority || assignee || label || project || q);
}
