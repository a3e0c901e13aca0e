/** The texts of the invitation page in English. */
export const en = {
  title: 'You are invited',
  signIn: 'Sign in with GitHub to see the invitation. You come back to it afterwards.',
  signInButton: 'Sign in with GitHub',
  lead: (organization: string, role: string) => `Join ${organization} with the role ${role}.`,
  expires: (when: string) => `The invitation is good until ${when}.`,
  signedInAs: (login: string) => `You are signed in as ${login}.`,
  join: (organization: string) => `Join ${organization}`,
  joining: 'Joining',
  otherAccount: 'Use another account',
  notNow: 'Not now',
  open: (organization: string) => `Open ${organization}`,
  tasks: 'Open your tasks',
  joined: (organization: string) => `You joined ${organization}, but it could not be opened.`,
  refused: {
    wrongAccount: {
      title: 'This invitation is for somebody else',
      text: (wanted: string, present: string) =>
        `It is for the GitHub account ${wanted}. You are signed in as ${present}.`,
      anonymous: (present: string) => `It is for another GitHub account. You are signed in as ${present}.`,
      button: (wanted: string) => `Sign in as ${wanted}`,
    },
    removed: {
      title: 'This invitation is too old for you',
      text: 'You left the organization, or were removed from it, after the invitation was created. Ask for a new one.',
    },
    member: {
      title: 'You are a member already',
      text: 'There is nothing left to do. The invitation was not used.',
    },
    tooMany: {
      title: 'You belong to too many organizations',
      text: 'A person can be in 100 organizations. Leave one of them in its settings, then open this link again.',
    },
    closed: {
      title: 'This invitation cannot be used any more',
      text: 'It has expired, as many people as it was for have used it, or it was withdrawn. Ask for a new one.',
    },
    expired: { title: 'This invitation has expired', text: 'Ask for a new one.' },
    used_up: {
      title: 'This invitation is used up',
      text: 'As many people as it was for have used it. Ask for a new one.',
    },
    revoked: { title: 'This invitation was withdrawn', text: 'Ask whoever sent it to you.' },
    unknown: {
      title: 'This is not an invitation',
      text: 'The link is incomplete or was copied wrongly. Ask for it again.',
    },
  },
};
