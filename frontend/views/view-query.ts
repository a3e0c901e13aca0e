import { type ListQuery, listUrl, parseQuery, queryString } from '@/tasks/list-query';
import { OPEN } from '@/tasks/task';
import type { View } from './use-views';

/** Parameters of the API's list that the page's own address has, too. */
const KNOWN = new Set(['status', 'priority', 'assignee', 'label', 'project', 'q', 'sort']);

/** What is saved of the list that is shown: the query of the API, without its page. */
export function savedOf(query: ListQuery): Pick<View, 'query' | 'layout'> {
  const parameters = new URL(listUrl(query), 'http://localhost').searchParams;
  parameters.delete('limit');
  return { query: parameters.toString(), layout: query.view };
}

/**
 * The address of a view; null for one that a program saved with filters which this page does not have: it
 * would show other tasks.
 */
export function addressOf(view: Pick<View, 'query' | 'layout'>): string | null {
  const parameters = new URLSearchParams(view.query);
  if ([...parameters.keys()].some((name) => !KNOWN.has(name))) return null;
  const wanted = new URLSearchParams(parameters);
  const status = parameters.get('status');
  // The address says `open` where the API has a list, and `all` where it has nothing.
  if (status === OPEN.join(',')) wanted.set('status', 'open');
  else if (!status) wanted.set('status', view.layout === 'board' ? 'open' : 'all');
  wanted.set('view', view.layout);
  const query = parseQuery(wanted);
  const isSame = [...wanted].every(([name, value]) => String(query[name as keyof ListQuery] ?? '') === value);
  return isSame ? `/tasks/${queryString(query)}` : null;
}

/** The view that is shown at this moment, if any is. */
export function shownView(views: View[], query: ListQuery): View | undefined {
  const address = `/tasks/${queryString({ ...query, task: null })}`;
  return views.find((view) => addressOf(view) === address);
}
