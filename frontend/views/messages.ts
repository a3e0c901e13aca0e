import { catalog } from '@/messages/catalog';
import type { Translated } from '@/messages/en';
import { en } from './messages.en';

export type ViewMessages = Translated<typeof en>;

/** The texts of the dialog of saved views. */
export const viewMessages = catalog<ViewMessages>(en, async () => (await import('./messages.ja')).ja);
