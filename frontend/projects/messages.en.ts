/** The texts of the projects in the settings in English. */
export const en = {
  lead: 'A project groups tasks. It gives nobody rights: who may see tasks sees those of every project.',
  create: 'New project',
  submit: 'Create project',
  name: 'Name',
  color: 'Colour',
  colorOf: (name: string) => `Colour of ${name}`,
  nameOf: (name: string) => `Name of ${name}`,
  up: (name: string) => `Move ${name} up`,
  down: (name: string) => `Move ${name} down`,
  moved: (name: string, place: number) => `${name} has place ${place} now`,
  archive: 'Archive',
  restore: 'Restore',
  archived: 'Archived',
  archiveDone: (name: string) => `${name} was archived. Its tasks stay in it.`,
  tasks: (name: string) => `Tasks of ${name}`,
  empty: 'No project yet.',
};
