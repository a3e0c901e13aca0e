import { catalog } from '@/messages/catalog';
import type { Translated } from '@/messages/en';
import { en } from './messages.en';

export type TokenMessages = Translated<typeof en>;

/** The texts of the API tokens. */
export const tokenMessages = catalog<TokenMessages>(en, async () => (await import('./messages.ja')).ja);
