'use client';

import Link from 'next/link';
import { useEffect, useState } from 'react';
import { toastProblem } from '@/components/toast-store';
import { useMessages } from '@/messages/language';
import { isActive, useProjects } from '@/projects/use-projects';
import { useMay, useMe } from '@/session/session';
import { reloadLists } from '@/tasks/arrivals';
import { refreshDerived } from '@/tasks/task-actions';
import { usePeople } from '@/tasks/use-people';
import { type Columns, FIELDS, type Field } from './columns';
import { Export } from './Export';
import { importMessages } from './messages';
import { type Content, type Draft, draftsOf, readText } from './read-file';
import { labelIds, membersFor, type Progress, projectIds, runImport, tasksHere } from './run-import';

/** Tasks that are shown before they are imported. */
const SHOWN = 10;

/** The import of tasks and the export of the organization, each for who may do it. */
export function Import() {
  const mayWrite = useMay('tasks.write');
  return (
    <div className="flex flex-col gap-4">
      {mayWrite && <FileImport />}
      <Export />
    </div>
  );
}

/** Tasks of another tracker: a file is chosen, looked at, and sent. */
function FileImport() {
  const m = importMessages.useTexts();
  const [content, setContent] = useState<Content | null>(null);
  const [source, setSource] = useState('');
  const [drafts, setDrafts] = useState<Draft[]>([]);
  async function choose(file: File | undefined) {
    if (!file) return;
    try {
      const read = await readText(await file.text());
      setContent(read);
      setSource(
        read.kind === 'tasks' ? read.source : `csv:${file.name.replace(/\.[^.]*$/, '')}`.slice(0, 100),
      );
    } catch (problem) {
      setContent(null);
      toastProblem(m.unreadable(file.name), problem);
    }
  }
  useEffect(() => {
    if (content?.kind === 'tasks') setDrafts(content.drafts);
    if (content?.kind !== 'table') return;
    let isGone = false;
    void draftsOf(content.rows, content.columns).then((found) => !isGone && setDrafts(found));
    return () => {
      isGone = true;
    };
  }, [content]);
  return (
    <>
      <p className="break-words text-muted">{m.lead}</p>
      <label className="flex flex-col gap-1">
        <span className="text-muted">{m.file}</span>
        <input
          type="file"
          accept=".csv,.tsv,.txt,.json,.ndjson,text/csv,application/json"
          className="min-h-7 max-w-full pointer-coarse:min-h-11"
          onChange={(event) => void choose(event.target.files?.[0])}
        />
      </label>
      {content?.kind === 'table' && (
        <ColumnChoice content={content} change={(columns) => setContent({ ...content, columns })} />
      )}
      {content && drafts.length === 0 && <p role="alert">{m.none}</p>}
      {content && drafts.length > 0 && (
        <>
          <Preview drafts={drafts} />
          <Send
            drafts={drafts}
            source={source}
            setSource={setSource}
            organization={content.kind === 'tasks' ? content.organization : undefined}
          />
        </>
      )}
    </>
  );
}

/** Two columns may have one heading. */
const headingKey = (heading: string, index: number) => `${index} ${heading}`;

function ColumnChoice({
  content,
  change,
}: {
  content: Extract<Content, { kind: 'table' }>;
  change: (columns: Columns) => void;
}) {
  const m = importMessages.useTexts();
  const set = (field: Field, value: string) =>
    change({ ...content.columns, [field]: value === '' ? undefined : Number(value) });
  return (
    <fieldset className="grid gap-x-4 gap-y-2 sm:grid-cols-2">
      <legend className="mb-1 font-semibold">{m.columns}</legend>
      {FIELDS.map((field) => (
        <label key={field} className="flex items-center gap-2">
          <span className="w-24 shrink-0 text-muted">{m.fields[field]}</span>
          <select
            className="field grow"
            value={content.columns[field] ?? ''}
            onChange={(event) => set(field, event.target.value)}
          >
            <option value="">{m.noColumn}</option>
            {content.headings.map((heading, index) => (
              <option key={headingKey(heading, index)} value={index}>
                {heading}
              </option>
            ))}
          </select>
        </label>
      ))}
    </fieldset>
  );
}

function Preview({ drafts }: { drafts: Draft[] }) {
  const app = useMessages();
  const m = importMessages.useTexts();
  const shown = drafts.slice(0, SHOWN);
  return (
    <section aria-label={m.preview(shown.length, drafts.length)}>
      <h3 className="mb-1 font-semibold">{m.preview(shown.length, drafts.length)}</h3>
      <ul className="border-line border-t">
        {shown.map((draft) => (
          <li key={draft.externalId} className="border-line border-b py-1">
            <p className="truncate">{draft.title}</p>
            <p className="truncate text-muted text-xs">
              {[
                app.status[draft.status],
                app.priority[draft.priority],
                draft.assignee,
                draft.due,
                ...draft.labels.map((label) => `#${label}`),
              ]
                .filter(Boolean)
                .join(' · ')}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Send({
  drafts,
  source,
  setSource,
  organization,
}: {
  drafts: Draft[];
  source: string;
  setSource: (source: string) => void;
  /** The organization that the file is an export of. */
  organization: string | undefined;
}) {
  const app = useMessages();
  const m = importMessages.useTexts();
  const mayAssign = useMay('tasks.assign');
  const me = useMe().organization.id;
  const mayRead = useMay('members.read');
  const people = usePeople();
  const { projects = [] } = useProjects();
  const [project, setProject] = useState('');
  const [progress, setProgress] = useState<Progress | null>(null);
  const [isSending, setSending] = useState(false);
  async function send() {
    setSending(true);
    setProgress({ done: 0, created: 0, skipped: 0 });
    try {
      const known = {
        labels: await labelIds(drafts),
        people: !mayAssign ? [] : mayRead ? await membersFor(drafts) : people,
        projects: await projectIds(project ? [] : drafts),
        project: project || null,
        // Of an own export, what was not deleted since is here.
        tasks: organization === me ? await tasksHere(drafts.map((draft) => draft.externalId)) : new Map(),
      };
      setProgress(await runImport(drafts, source.trim(), known, setProgress));
    } catch (problem) {
      toastProblem(m.stopped, problem, () => void send());
    }
    setSending(false);
    reloadLists();
    refreshDerived();
  }
  const isDone = progress && !isSending && progress.done === drafts.length;
  return (
    <form
      className="flex flex-col gap-3"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <label className="flex flex-col gap-1">
        <span className="text-muted">{m.source}</span>
        <input
          className="field"
          maxLength={100}
          required
          pattern=".*\S.*"
          value={source}
          onChange={(event) => setSource(event.target.value)}
        />
        <span className="text-muted text-xs">{m.sourceHint}</span>
      </label>
      <label className="flex flex-col gap-1">
        <span className="text-muted">{m.project}</span>
        <select className="field" value={project} onChange={(event) => setProject(event.target.value)}>
          <option value="">{organization ? m.sameProject : app.projects.none}</option>
          {projects.filter(isActive).map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <div className="flex flex-wrap items-center gap-3">
        <button type="submit" className="primary-button" disabled={isSending}>
          {m.submit(drafts.length)}
        </button>
        <p role="status">
          {isSending && progress && m.progress(progress.done, drafts.length)}
          {isDone && m.done(progress.created, progress.skipped)}
        </p>
        {isDone && (
          <Link className="link-button" href="/tasks/?status=all">
            {m.show}
          </Link>
        )}
      </div>
    </form>
  );
}
