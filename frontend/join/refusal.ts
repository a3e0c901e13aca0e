import type { Schema } from '@/api/client';
import { ApiProblem } from '@/api/problem';

/** Why an invitation cannot be used, as far as the page has something to say about it. */
export type Refusal =
  | { why: 'wrongAccount'; wanted: string | null }
  | { why: 'removed' }
  | { why: 'member'; organization: Schema['Membership'] | null }
  | { why: 'tooMany' }
  | { why: 'closed' | Schema['ClosedCause'] }
  | { why: 'unknown' };

/** What a code looks like; anything else need not be asked about. */
const CODE = /^[A-Za-z0-9_-]{43}$/;

/** The code in an address; null when it has none that could be one. */
export function codeOf(search: string): string | null {
  const code = new URLSearchParams(search).get('code');
  return code && CODE.test(code) ? code : null;
}

/**
 * Why the API refused an invitation; null when it failed for a reason that may pass, or that has nothing to
 * do with the invitation.
 */
export function refusalOf(problem: unknown, organizations: Schema['Membership'][]): Refusal | null {
  if (!(problem instanceof ApiProblem)) return null;
  switch (problem.code) {
    case 'wrong_account':
      return { why: 'wrongAccount', wanted: problem.about.login ?? null };
    case 'removed':
      return { why: 'removed' };
    case 'already_member': {
      const organization = organizations.find(({ id }) => id === problem.about.organization_id);
      return { why: 'member', organization: organization ?? null };
    }
    case 'too_many_organizations':
      return { why: 'tooMany' };
    case 'invitation_closed':
      return { why: problem.about.cause ?? 'closed' };
    case 'not_found':
    case 'invalid':
      return { why: 'unknown' };
    default:
      return null;
  }
}
