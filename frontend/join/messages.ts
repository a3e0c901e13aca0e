import { catalog } from '@/messages/catalog';
import type { Translated } from '@/messages/en';
import { en } from './messages.en';

export type JoinMessages = Translated<typeof en>;

/** The texts of the invitation page. */
export const joinMessages = catalog<JoinMessages>(en, async () => (await import('./messages.ja')).ja);
