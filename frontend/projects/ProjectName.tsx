'use client';

import { LabelDot } from '@/tasks/LabelChip';
import { useProjects } from './use-projects';

/** A project by its colour and its name. */
export function ProjectName({ id }: { id: string }) {
  const project = useProjects().projects?.find((known) => known.id === id);
  return (
    <span className="inline-flex min-w-0 items-center gap-1.5">
      <LabelDot color={project?.color ?? 'none'} />
      <span className="truncate">{project?.name ?? '…'}</span>
    </span>
  );
}
