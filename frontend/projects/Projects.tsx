'use client';

import Link from 'next/link';
import { type FormEvent, useState } from 'react';
import { api } from '@/api/client';
import { Glyph } from '@/components/icons';
import { ProblemNote } from '@/components/ProblemNote';
import { SkeletonRows } from '@/components/SkeletonRows';
import { toast } from '@/components/toast-store';
import { isComposing } from '@/keyboard/is-composing';
import { useMessages } from '@/messages/language';
import { useMay } from '@/session/session';
import { useAttempt } from '@/settings/use-organization';
import { ifMatch } from '@/tasks/task-actions';
import { projectMessages } from './messages';
import { isActive, type Project, useProjects } from './use-projects';

const DEFAULT_COLOR = '#1e40af';

/** The projects in their order: created, renamed, coloured, moved and archived here. */
export function Projects() {
  const app = useMessages();
  const m = projectMessages.useTexts();
  const mayWrite = useMay('tasks.write');
  const { projects, problem, reload } = useProjects();
  const [isOpen, setOpen] = useState(false);
  const [news, setNews] = useState('');
  const active = projects?.filter(isActive) ?? [];
  const archived = projects?.filter((project) => !isActive(project)) ?? [];
  return (
    <>
      <p className="mb-3 text-muted">{m.lead}</p>
      {mayWrite && !isOpen && (
        <button type="button" className="primary-button mb-4" onClick={() => setOpen(true)}>
          {m.create}
        </button>
      )}
      {isOpen && (
        <NewProject
          onDone={() => {
            setOpen(false);
            void reload();
          }}
        />
      )}
      <p role="status" className="sr-only">
        {news}
      </p>
      {problem && <ProblemNote problem={problem} retry={() => void reload()} />}
      {!projects && !problem && <SkeletonRows label={app.app.loading} />}
      {projects?.length === 0 && <p className="text-muted">{m.empty}</p>}
      <ul className="border-line not-empty:border-t">
        {active.map((project, index) => (
          <ProjectRow
            key={project.id}
            project={project}
            mayWrite={mayWrite}
            // Behind the one that is two places above: before it, when there is none.
            up={index > 0 ? (active[index - 2]?.id ?? null) : undefined}
            down={active[index + 1]?.id}
            onMoved={(step) => setNews(m.moved(project.name, index + 1 + step))}
            reload={reload}
          />
        ))}
      </ul>
      {archived.length > 0 && (
        <>
          <h3 className="mt-5 mb-1 text-muted">{m.archived}</h3>
          <ul className="border-line border-t">
            {archived.map((project) => (
              <ProjectRow key={project.id} project={project} mayWrite={mayWrite} reload={reload} />
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function ProjectRow({
  project,
  mayWrite,
  up,
  down,
  onMoved,
  reload,
}: {
  project: Project;
  mayWrite: boolean;
  /** The project behind which it comes one place above; null: it comes first; undefined: it is first. */
  up?: string | null;
  down?: string;
  onMoved?: (step: 1 | -1) => void;
  reload: () => Promise<unknown>;
}) {
  const m = projectMessages.useTexts();
  const attempt = useAttempt();
  const [name, setName] = useState<string | null>(null);
  async function change(what: string, body: Parameters<typeof patch>[1]): Promise<boolean> {
    const isDone = await attempt(what, () => patch(project, body));
    await reload();
    return isDone;
  }
  async function rename() {
    const wanted = name?.trim();
    setName(null);
    if (wanted && wanted !== project.name) await change(m.nameOf(project.name), { name: wanted });
  }
  async function move(after: string | null, step: 1 | -1) {
    if (await change(m.up(project.name), { after })) onMoved?.(step);
  }
  async function archive() {
    const isDone = await change(m.archive, { archived: isActive(project) });
    if (isDone && isActive(project)) toast({ text: m.archiveDone(project.name) });
  }
  return (
    <li className="flex flex-wrap items-center gap-2 border-line border-b py-2">
      <input
        type="color"
        aria-label={m.colorOf(project.name)}
        className="size-7 shrink-0 rounded border border-control bg-page p-0.5 pointer-coarse:size-11"
        disabled={!mayWrite}
        // Uncontrolled: the picker of the system stays open while its value changes.
        defaultValue={project.color}
        key={project.color}
        onBlur={(event) => {
          const { value } = event.currentTarget;
          if (value !== project.color) void change(m.colorOf(project.name), { color: value });
        }}
      />
      <input
        aria-label={m.nameOf(project.name)}
        className="field min-w-32 grow"
        maxLength={100}
        readOnly={!mayWrite}
        value={name ?? project.name}
        onChange={(event) => setName(event.target.value)}
        onBlur={() => void rename()}
        onKeyDown={(event) => {
          if (isComposing(event)) return;
          if (event.key === 'Enter') event.currentTarget.blur();
        }}
      />
      <Link
        className="icon-button"
        aria-label={m.tasks(project.name)}
        title={m.tasks(project.name)}
        href={`/tasks/?project=${project.id}`}
      >
        <Glyph name="tasks" />
      </Link>
      {/* Together on a line of their own, where there is no room beside the name. */}
      {mayWrite && (
        <span className="ml-auto flex items-center gap-2">
          {onMoved && (
            <>
              <MoveButton
                label={m.up(project.name)}
                icon="up"
                to={up}
                move={(after) => void move(after, -1)}
              />
              <MoveButton
                label={m.down(project.name)}
                icon="down"
                to={down}
                move={(after) => void move(after, 1)}
              />
            </>
          )}
          <button type="button" className="link-button" onClick={() => void archive()}>
            {isActive(project) ? m.archive : m.restore}
          </button>
        </span>
      )}
    </li>
  );
}

function MoveButton({
  label,
  icon,
  to,
  move,
}: {
  label: string;
  icon: 'up' | 'down';
  to: string | null | undefined;
  move: (after: string | null) => void;
}) {
  return (
    <button
      type="button"
      className="icon-button disabled:opacity-40"
      aria-label={label}
      title={label}
      disabled={to === undefined}
      onClick={() => to !== undefined && move(to)}
    >
      <Glyph name={icon} />
    </button>
  );
}

function patch(
  project: Project,
  body: { name?: string; color?: string; archived?: boolean; after?: string | null },
) {
  const params = { path: { project_id: project.id }, header: { 'If-Match': ifMatch(project.version) } };
  return api.PATCH('/api/projects/{project_id}', { params, body });
}

function NewProject({ onDone }: { onDone: () => void }) {
  const app = useMessages();
  const m = projectMessages.useTexts();
  const attempt = useAttempt();
  // The same key until it is created: a repeated request creates no second one.
  const [key] = useState(() => crypto.randomUUID());
  const [isSending, setSending] = useState(false);
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const body = { name: String(form.get('name')).trim(), color: String(form.get('color')) };
    const params = { header: { 'Idempotency-Key': key } };
    setSending(true);
    if (await attempt(m.submit, () => api.POST('/api/projects', { params, body }))) onDone();
    setSending(false);
  }
  return (
    <form className="mb-4 flex flex-wrap items-end gap-3" onSubmit={(event) => void submit(event)}>
      <label className="flex flex-col gap-1">
        <span className="text-muted">{m.color}</span>
        <input
          name="color"
          type="color"
          defaultValue={DEFAULT_COLOR}
          className="size-7 rounded border border-control bg-page p-0.5 pointer-coarse:size-11"
        />
      </label>
      <label className="flex min-w-40 grow flex-col gap-1">
        <span className="text-muted">{m.name}</span>
        <input name="name" className="field" maxLength={100} pattern=".*\S.*" autoComplete="off" required />
      </label>
      <button type="submit" className="primary-button" disabled={isSending}>
        {m.submit}
      </button>
      <button type="button" className="button" onClick={onDone}>
        {app.app.cancel}
      </button>
    </form>
  );
}
