'use client';

import { useState } from 'react';
import type { Person } from '@/tasks/task';

/** The name that people know somebody by. */
export function nameOf(person: Pick<Person, 'login' | 'name'>): string {
  return person.name || person.login;
}

/** A person's picture, or the first letter of their login. Only GitHub's pictures may be loaded. */
export function Avatar({ person, size = 'small' }: { person: Person; size?: 'small' | 'large' }) {
  const [failed, setFailed] = useState(false);
  const url = person.avatar_url?.startsWith('https://') && !failed ? person.avatar_url : null;
  const box = `${size === 'small' ? 'size-5 text-[11px]' : 'size-8 text-sm'} shrink-0 rounded-full`;
  if (url)
    return (
      <img src={url} alt="" className={box} onError={() => setFailed(true)} referrerPolicy="no-referrer" />
    );
  return (
    <span
      aria-hidden="true"
      className={`${box} inline-flex items-center justify-center bg-violet-soft font-semibold text-violet-ink`}
    >
      {person.login.charAt(0).toUpperCase()}
    </span>
  );
}
