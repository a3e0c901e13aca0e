import { catalog } from '@/messages/catalog';
import type { Translated } from '@/messages/en';
import { en } from './messages.en';

export type ImportMessages = Translated<typeof en>;

/** The texts of the import. */
export const importMessages = catalog<ImportMessages>(en, async () => (await import('./messages.ja')).ja);
