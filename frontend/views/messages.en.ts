/** The texts of the dialog of saved views in English. */
export const en = {
  title: 'Views',
  lead: 'A view is a list or a board with its filters and its order, under a name.',
  open: 'Saved views',
  empty: 'No view is saved yet.',
  save: 'Save what is shown now',
  as: 'Save as',
  asNew: 'A new view',
  name: 'Name',
  shared: 'Everybody in the organization sees it',
  isShared: 'shared',
  submit: 'Save view',
  saved: (name: string) => `Saved the view “${name}”`,
  up: (name: string) => `Move ${name} up`,
  remove: (name: string) => `Delete the view ${name}`,
  removed: (name: string) => `The view “${name}” was deleted`,
};
