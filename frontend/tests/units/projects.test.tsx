import { fireEvent, screen, waitFor } from '@testing-library/react';
import { expect, test } from 'vitest';
import { Projects } from '@/projects/Projects';
import { listUrl, matches, parseQuery } from '@/tasks/list-query';
import { find, openPage } from './page';
import { sample } from './samples';
import { type Asked, problem, type serve } from './server';

const project = (id: string, name: string, archived_at: string | null = null) => ({
  id,
  name,
  color: '#1e40af',
  rank: id,
  archived_at,
  version: 3,
  created_at: '2026-11-01T00:00:00.000000Z',
  updated_at: '2026-11-01T00:00:00.000000Z',
});

function open(permissions: string[], answers: Parameters<typeof serve>[0] = {}): Asked[] {
  const four = [project('a', 'Pond'), project('b', 'Moss'), project('c', 'Gate'), project('d', 'Old', 'x')];
  return openPage(
    <Projects />,
    { role: 'member', permissions },
    {
      'GET /api/projects': { body: { items: four } },
      'PATCH /api/projects/c': { body: project('c', 'Gate') },
      'PATCH /api/projects/b': { body: project('b', 'Moss') },
      ...answers,
    },
  );
}

test('a project moves behind the one two places above, or before all', async () => {
  const asked = open(['tasks.read', 'tasks.write']);
  fireEvent.click(await screen.findByRole('button', { name: 'Move Gate up' }));
  await screen.findByText('Gate has place 2 now');
  expect(find(asked, 'PATCH /api/projects/c')?.body).toEqual({ after: 'a' });
  expect(find(asked, 'PATCH /api/projects/c')?.headers.get('if-match')).toBe('"3"');
  fireEvent.click(screen.getByRole('button', { name: 'Move Moss up' }));
  await waitFor(() => expect(find(asked, 'PATCH /api/projects/b')?.body).toEqual({ after: null }));
  expect(screen.getByRole('button', { name: 'Move Pond up' })).toHaveProperty('disabled', true);
  expect(screen.getByRole('button', { name: 'Move Gate down' })).toHaveProperty('disabled', true);
});

test('a name is saved when the field is left, and not when it is the same', async () => {
  const asked = open(['tasks.read', 'tasks.write']);
  const field = await screen.findByRole('textbox', { name: 'Name of Gate' });
  fireEvent.change(field, { target: { value: ' Gate ' } });
  fireEvent.blur(field);
  expect(find(asked, 'PATCH /api/projects/c')).toBeUndefined();
  fireEvent.change(field, { target: { value: 'Stone gate' } });
  fireEvent.blur(field);
  await waitFor(() => expect(find(asked, 'PATCH /api/projects/c')?.body).toEqual({ name: 'Stone gate' }));
});

test('what somebody else changed meanwhile is said, and read again', async () => {
  const asked = open(['tasks.read', 'tasks.write'], {
    'PATCH /api/projects/c': problem(412, 'stale_version'),
  });
  const archive = (await screen.findAllByRole('button', { name: 'Archive' }))[2];
  if (archive) fireEvent.click(archive);
  await screen.findByText(/Somebody else changed it/);
  expect(asked.filter(({ request }) => request.startsWith('GET /api/projects')).length).toBeGreaterThan(1);
});

test('who may not write sees projects and changes none', async () => {
  open(['tasks.read']);
  const field = await screen.findByRole('textbox', { name: 'Name of Gate' });
  expect(field).toHaveProperty('readOnly', true);
  expect(screen.queryByRole('button')).toBeNull();
});

test('a list is filtered by a project, or by none', () => {
  const parse = (text: string) => parseQuery(new URLSearchParams(text));
  expect(listUrl(parse('project=p1'))).toContain('project=p1');
  expect(matches(sample({ project_id: 'p1' }), parse('project=p1'), 'me')).toBe(true);
  expect(matches(sample({ project_id: 'p2' }), parse('project=p1'), 'me')).toBe(false);
  expect(matches(sample(), parse('project=none'), 'me')).toBe(true);
  expect(matches(sample({ project_id: 'p1' }), parse('project=none'), 'me')).toBe(false);
});
