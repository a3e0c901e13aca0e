'use client';

import { useEffect } from 'react';
import { Avatar, nameOf } from '@/components/Avatar';
import { useMessages } from '@/messages/language';
import { useMe } from '@/session/session';
import { usePeople } from '@/tasks/use-people';
import { useIdsAt } from './live-store';
import { lookAt } from './presence';

/** Who else looks at a task; others are told that the reader does. */
export function Faces({ task }: { task: string }) {
  const m = useMessages();
  const me = useMe().user.id;
  const people = usePeople();
  const ids = useIdsAt(task).split(',');
  useEffect(() => {
    lookAt(task);
    return () => lookAt(null);
  }, [task]);
  const others = people.filter(({ id }) => id !== me && ids.includes(id));
  if (others.length === 0) return null;
  const label = m.live.here(others.map(nameOf).join(', '));
  return (
    <span role="img" aria-label={label} title={label} className="flex shrink-0 gap-0.5">
      {others.slice(0, 4).map((person) => (
        <Avatar key={person.id} person={person} />
      ))}
    </span>
  );
}
