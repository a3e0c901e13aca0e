import { catalog } from '@/messages/catalog';
import type { Translated } from '@/messages/en';
import { en } from './messages.en';

export type SettingsMessages = Translated<typeof en>;

/** The texts of the settings of an organization. */
export const settingsMessages = catalog<SettingsMessages>(en, async () => (await import('./messages.ja')).ja);
