import { catalog } from '@/messages/catalog';
import type { Translated } from '@/messages/en';
import { en } from './messages.en';

export type InboxMessages = Translated<typeof en>;

/** The texts of the inbox. */
export const inboxMessages = catalog<InboxMessages>(en, async () => (await import('./messages.ja')).ja);
