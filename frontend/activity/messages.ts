import { catalog } from '@/messages/catalog';
import type { Translated } from '@/messages/en';
import { en } from './messages.en';

export type ActivityMessages = Translated<typeof en>;

/** The texts of the audit trail. */
export const activityMessages = catalog<ActivityMessages>(en, async () => (await import('./messages.ja')).ja);
