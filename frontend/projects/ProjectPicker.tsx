'use client';

import { api, body } from '@/api/client';
import { Glyph } from '@/components/icons';
import { type Option, Picker } from '@/components/Picker';
import { toastProblem } from '@/components/toast-store';
import { useMessages } from '@/messages/language';
import { LabelDot } from '@/tasks/LabelChip';
import { editTasks } from '@/tasks/task-actions';
import { tasks } from '@/tasks/task-store';
import { isActive, useProjects } from './use-projects';

/** Puts tasks into a project, a new one too, or takes them out of theirs. */
export function ProjectPicker({ ids, onClose }: { ids: string[]; onClose: () => void }) {
  const m = useMessages();
  const { projects = [], reload } = useProjects();
  const found = ids.flatMap((id) => tasks.get(tasks.currentId(id)) ?? []);
  const isIn = (project: string | null) => found.every((task) => (task.project_id ?? null) === project);
  const options: Option[] = [
    {
      id: 'none',
      label: m.projects.none,
      icon: <Glyph name="project" className="text-muted" />,
      isChecked: isIn(null),
    },
    ...projects
      .filter((project) => isActive(project) || isIn(project.id))
      .map(({ id, name, color }) => ({
        id,
        label: name,
        icon: <LabelDot color={color} />,
        isChecked: isIn(id),
      })),
  ];
  const move = (project: string | null) =>
    editTasks(ids, (task) => ((task.project_id ?? null) === project ? null : { project_id: project }));
  async function create(name: string) {
    try {
      const params = { header: { 'Idempotency-Key': crypto.randomUUID() } };
      const project = await body(api.POST('/api/projects', { params, body: { name } }));
      await reload();
      move(project.id);
    } catch (problem) {
      toastProblem(m.tasks.failed(name), problem);
    }
  }
  function pick(id: string, text: string) {
    if (id === 'new') void create(text);
    else move(id === 'none' ? null : id);
  }
  function isNew(text: string): Option[] {
    const isKnown = projects.some(({ name }) => name.toLowerCase() === text.toLowerCase());
    return text && !isKnown
      ? [{ id: 'new', label: m.projects.createNamed(text), icon: <Glyph name="plus" /> }]
      : [];
  }
  return (
    <Picker
      title={m.projects.pick}
      placeholder={m.projects.pick}
      options={options}
      onPick={pick}
      onClose={onClose}
      onText={isNew}
    />
  );
}
