'use client';

import { memo, type RefObject, useEffect, useState } from 'react';
import { Glyph } from '@/components/icons';
import { openOverlay } from '@/components/overlay-store';
import { isComposing } from '@/keyboard/is-composing';
import { useMessages } from '@/messages/language';
import { useProjects } from '@/projects/use-projects';
import { useMay, useMe } from '@/session/session';
import { ViewButton } from '@/views/ViewButton';
import { isFiltered, type ListQuery, NO_FILTERS, SORTS, type Sort } from './list-query';
import { PRIORITIES, STATUSES } from './task';
import type { ChangeQuery } from './use-list-query';
import { usePeople } from './use-people';
import { useLabels } from './use-tasks';

/** How long typing may pause before the server is asked, in milliseconds. */
const PAUSE = 150;

/**
 * The line above the list: view, filters, order, search and the button for a new task. It does not depend on
 * which row is active or which task is open.
 */
export const TaskToolbar = memo(function TaskToolbar({
  query,
  change,
  search,
}: {
  query: ListQuery;
  change: ChangeQuery;
  search: RefObject<HTMLInputElement | null>;
}) {
  const m = useMessages();
  const mayWrite = useMay('tasks.write');
  const [isOpen, setOpen] = useState(false);
  const filters = isFiltered({ ...query, q: '', status: 'open' });
  return (
    <div className="@container shrink-0 border-line border-b">
      <div className="flex min-h-11 items-center gap-1.5 px-2 sm:px-3">
        <h1 className="sr-only sm:not-sr-only sm:mr-2 sm:font-semibold">
          {query.assignee === 'me' ? m.nav.mine : m.tasks.title}
        </h1>
        <SearchField query={query} change={change} search={search} />
        <button
          type="button"
          className={`icon-button @6xl:hidden ${filters ? 'text-primary-ink' : ''}`}
          aria-label={m.tasks.filter}
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          <Glyph name="sort" />
        </button>
        <div className="hidden min-w-0 items-center gap-1.5 @6xl:flex">
          <Filters query={query} change={change} />
        </div>
        <span className="grow" />
        <ViewButton query={query} />
        <ViewSwitch query={query} change={change} />
        {mayWrite && (
          <button
            type="button"
            className="primary-button"
            onClick={() => openOverlay('create')}
            title={`${m.tasks.create} (C)`}
          >
            <Glyph name="plus" />
            <span className="max-md:sr-only">{m.tasks.create}</span>
          </button>
        )}
      </div>
      {isOpen && (
        <div className="flex flex-wrap gap-1.5 px-2 pb-2 @6xl:hidden">
          <Filters query={query} change={change} />
        </div>
      )}
    </div>
  );
});

function SearchField({
  query,
  change,
  search,
}: {
  query: ListQuery;
  change: ChangeQuery;
  search: RefObject<HTMLInputElement | null>;
}) {
  const m = useMessages();
  const [text, setText] = useState(query.q);
  // The address changed by itself: back, a link, "Clear filters".
  useEffect(() => setText(query.q), [query.q]);
  useEffect(() => {
    if (text === query.q) return;
    const timer = setTimeout(() => change({ q: text }, 'replace'), PAUSE);
    return () => clearTimeout(timer);
  }, [text, query.q, change]);
  return (
    <input
      ref={search}
      type="search"
      aria-label={m.tasks.search}
      aria-keyshortcuts="/"
      placeholder={`${m.keys.search}  /`}
      className="field w-28 min-w-0 grow @sm:w-48 @sm:grow-0"
      value={text}
      onChange={(event) => setText(event.target.value)}
      onKeyDown={(event) => {
        if (isComposing(event)) return;
        if (event.key === 'Enter' || event.key === 'Escape') {
          if (event.key === 'Escape') change({ q: '' }, 'replace');
          document.getElementById('task-list')?.focus();
        }
      }}
    />
  );
}

function Choice({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: string;
  options: Option[];
  onChange: (value: string) => void;
}) {
  return (
    <select
      aria-label={label}
      title={label}
      className="field max-w-36"
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      {options.map(([id, name]) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  );
}

type Option = [id: string, name: string];

/** What each field can be filtered by; null where there is nothing to choose. */
function useOptions(query: ListQuery) {
  const m = useMessages();
  const me = useMe().user.id;
  const { labels } = useLabels();
  const { projects = [] } = useProjects();
  const people = usePeople().filter((person) => person.id !== me);
  // The name of what can be filtered, as the text of the choice that filters nothing: the line has no room for more.
  const any = (label: string): Option => ['', label];
  // An id from a link whose label or person is not loaded is still shown as chosen.
  const known = (options: Option[], value: string | null): Option[] =>
    value && !options.some(([id]) => id === value) ? [...options, [value, '…']] : options;
  const assignees: Option[] = [
    any(m.task.assignee),
    ['me', m.nav.mine],
    ['none', m.tasks.pick.nobody],
    ...people.map(({ id, name, login }): Option => [id, name || login]),
  ];
  const shown = projects.filter(({ id, archived_at }) => !archived_at || id === query.project);
  const inProjects: Option[] = [
    any(m.task.project),
    ['none', m.projects.none],
    ...shown.map(({ id, name }): Option => [id, name]),
  ];
  const labelled: Option[] = [any(m.task.labels), ...labels.map(({ id, name }): Option => [id, name])];
  return {
    status: (['open', 'all', ...STATUSES] as const).map((id): Option => [id, m.status[id]]),
    priority: [any(m.task.priority), ...PRIORITIES.map((id): Option => [id, m.priority[id]])],
    assignee: known(assignees, query.assignee),
    project: projects.length > 0 || query.project ? known(inProjects, query.project) : null,
    label: labels.length > 0 ? known(labelled, query.label) : null,
    sort: SORTS.map((id): Option => [id, m.tasks.sorts[id]]),
  };
}

function Filters({ query, change }: { query: ListQuery; change: ChangeQuery }) {
  const m = useMessages();
  const options = useOptions(query);
  return (
    <>
      <Choice
        label={m.task.status}
        value={query.status}
        options={options.status}
        onChange={(status) => change({ status: status as ListQuery['status'] })}
      />
      <Choice
        label={m.task.priority}
        value={query.priority ?? ''}
        options={options.priority}
        onChange={(value) => change({ priority: (value || null) as ListQuery['priority'] })}
      />
      <Choice
        label={m.task.assignee}
        value={query.assignee ?? ''}
        options={options.assignee}
        onChange={(value) => change({ assignee: value || null })}
      />
      {options.project && (
        <Choice
          label={m.task.project}
          value={query.project ?? ''}
          options={options.project}
          onChange={(value) => change({ project: value || null })}
        />
      )}
      {options.label && (
        <Choice
          label={m.task.labels}
          value={query.label ?? ''}
          options={options.label}
          onChange={(value) => change({ label: value || null })}
        />
      )}
      <Choice
        label={m.tasks.sort}
        value={query.sort}
        options={options.sort}
        onChange={(sort) => change({ sort: sort as Sort })}
      />
      {isFiltered(query) && (
        <button type="button" className="link-button" onClick={() => change(NO_FILTERS)}>
          {m.tasks.clear}
        </button>
      )}
    </>
  );
}

function ViewSwitch({ query, change }: { query: ListQuery; change: ChangeQuery }) {
  const m = useMessages();
  return (
    <div role="group" aria-label={m.tasks.view} className="flex rounded border border-line-strong">
      {(['list', 'board'] as const).map((view) => (
        <button
          key={view}
          type="button"
          aria-pressed={query.view === view}
          aria-label={m.tasks[view]}
          title={m.tasks[view]}
          className={`inline-flex h-6.5 w-8 items-center justify-center pointer-coarse:size-11 ${query.view === view ? 'bg-hover text-ink' : 'text-muted'}`}
          onClick={() => change({ view })}
        >
          <Glyph name={view} />
        </button>
      ))}
    </div>
  );
}
