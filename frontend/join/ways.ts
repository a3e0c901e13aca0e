import { signInUrl, signOut } from '@/session/session';

/** The page that an invitation leads to, for the way through the sign-in and back. */
export function invitationPath(code: string): string {
  return `/join/?code=${code}`;
}

/** Ends this session and begins another one, which comes back to the invitation. */
export async function signInAs(code: string, login: string | null): Promise<void> {
  if (!(await signOut())) return;
  location.assign(`${signInUrl(invitationPath(code))}${login ? `&login=${login}` : ''}`);
}
