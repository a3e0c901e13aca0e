'use client';

import { Empty } from '@/components/Empty';
import { PageBar } from '@/components/PageBar';
import { ProblemNote } from '@/components/ProblemNote';
import { SkeletonRows } from '@/components/SkeletonRows';
import { toast } from '@/components/toast-store';
import { ago } from '@/messages/dates';
import { useLanguage, useMessages } from '@/messages/language';
import { useMay } from '@/session/session';
import { useTrash } from './use-tasks';

/** Deleted tasks, and the way back. */
export function TrashPage() {
  const m = useMessages();
  const language = useLanguage();
  const mayDelete = useMay('tasks.delete');
  const { items, problem, hasMore, loadMore, reload } = useTrash();
  async function restore(task: { id: string; version: number }) {
    const { restoreTasks } = await import('./removal');
    const restored = await restoreTasks([task]);
    await reload();
    if (restored.length > 0) toast({ text: m.tasks.restored });
  }
  return (
    <>
      <PageBar title={m.trash.title} />
      <div className="min-h-0 grow overflow-y-auto">
        {problem && <ProblemNote problem={problem} retry={() => void reload()} />}
        {!items && !problem && <SkeletonRows label={m.app.loading} />}
        {items?.length === 0 && <Empty text={m.trash.empty} />}
        <ul>
          {items?.map((task) => (
            <li key={task.id} className="flex min-h-9 items-center gap-3 border-line border-b px-4">
              <span className="min-w-0 grow truncate">{task.title}</span>
              {task.deleted_at && (
                <span className="shrink-0 text-muted text-xs max-sm:hidden">
                  {m.trash.deleted(ago(task.deleted_at, language))}
                </span>
              )}
              {mayDelete && (
                <button type="button" className="link-button" onClick={() => void restore(task)}>
                  {m.trash.restore}
                </button>
              )}
            </li>
          ))}
        </ul>
        {hasMore && (
          <button type="button" className="button m-4" onClick={loadMore}>
            {m.tasks.more}
          </button>
        )}
      </div>
    </>
  );
}
