import { catalog } from '@/messages/catalog';
import type { Translated } from '@/messages/en';
import { en } from './messages.en';

export type ProjectMessages = Translated<typeof en>;

/** The texts of the projects in the settings. */
export const projectMessages = catalog<ProjectMessages>(en, async () => (await import('./messages.ja')).ja);
