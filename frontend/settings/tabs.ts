/** The tabs of the settings, as the address names them: `/settings/?tab=members`. The first one is shown without. */
export const TABS = [
  'personal',
  'organization',
  'projects',
  'members',
  'invitations',
  'roles',
  'tokens',
  'import',
  'account',
] as const;
export type Tab = (typeof TABS)[number];
