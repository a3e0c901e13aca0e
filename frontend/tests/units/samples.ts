import type { Task } from '@/tasks/task';

const PERSON = { id: 'p1', login: 'alice', name: 'Alice Aoki', avatar_url: null };

/** A task with what a test does not care about. */
export function sample(fields: Partial<Task> = {}): Task {
  return {
    id: 't1',
    number: 1,
    key: 'MIY-1',
    title: 'Water the maple',
    description: 'Every morning',
    status: 'pending',
    priority: 'p2',
    labels: [],
    assignee: null,
    due_at: null,
    due_on: null,
    parent_id: null,
    project_id: null,
    sub_tasks: { done: 0, total: 0 },
    comments: 0,
    rank: 'V000001',
    version: 1,
    created_by: PERSON,
    created_at: '2026-11-01T00:00:00.000000Z',
    updated_at: '2026-11-01T00:00:00.000000Z',
    ...fields,
  };
}

export function label(id: string) {
  return { id, name: id, color: '#000000' };
}
