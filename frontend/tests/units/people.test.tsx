import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { type ReactNode, useState } from 'react';
import { SWRConfig } from 'swr';
import { afterEach, expect, test, vi } from 'vitest';
import { MeContext, useSession } from '@/session/session';
import { MentionField } from '@/tasks/MentionField';
import { tasks } from '@/tasks/task-store';
import { sample } from './samples';
import { serve } from './server';

const ALICE = { id: 'p1', login: 'alice', name: 'Alice', avatar_url: null };
const member = (id: string, login: string) => ({
  id,
  login,
  name: null,
  avatar_url: null,
  role: 'member',
  joined_at: '2026-11-01T00:00:00.000000Z',
  version: 1,
});

afterEach(() => {
  cleanup();
  tasks.clear();
  vi.unstubAllGlobals();
});

function SignedIn({ children }: { children: ReactNode }) {
  const session = useSession();
  return session.state === 'signed-in' ? <MeContext value={session.me}>{children}</MeContext> : null;
}

function Field() {
  const [text, setText] = useState('');
  return <MentionField aria-label="Comment" value={text} onText={setText} />;
}

function open(permissions: string[]) {
  const page = { pages: 0 };
  serve({
    'GET /api/auth/me': {
      body: {
        user: ALICE,
        organization: { id: 'o1', name: 'Garden', role: 'owner' },
        organizations: [],
        permissions,
        session_id: 's1',
      },
    },
    'GET /api/members': () => {
      page.pages += 1;
      return page.pages === 1
        ? { body: { items: [member('p2', 'bob')], next_cursor: 'more' } }
        : { body: { items: [member('p3', 'carol')], next_cursor: null } };
    },
  });
  // Somebody who left is still the author of a task.
  tasks.receive(sample({ created_by: { id: 'p9', login: 'carla', name: null, avatar_url: null } }));
  render(
    <SWRConfig value={{ provider: () => new Map() }}>
      <SignedIn>
        <Field />
      </SignedIn>
    </SWRConfig>,
  );
}

async function type(text: string): Promise<void> {
  const field = (await screen.findByRole('textbox', { name: 'Comment' })) as HTMLTextAreaElement;
  fireEvent.change(field, { target: { value: text, selectionStart: text.length } });
}

test('a mention offers every member, also one whose tasks are not loaded, and nobody who left', async () => {
  open(['tasks.read', 'members.read']);
  await type('@ca');
  expect((await screen.findByRole('option', { name: /carol/ })).textContent).toContain('@carol');
  expect(screen.queryByRole('option', { name: /carla/ })).toBeNull();
});

test('who may not read the members is offered the people of loaded tasks', async () => {
  open(['tasks.read']);
  await type('@ca');
  await screen.findByRole('option', { name: /carla/ });
  expect(screen.queryByRole('option', { name: /carol/ })).toBeNull();
});
