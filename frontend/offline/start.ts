import { whenIdle } from '@/components/idle';
import type { Me } from '@/session/session';
import { openDrafts } from '@/tasks/drafts';
import { resumeUnsent } from '@/tasks/unsent';

/** What browsers with Trusted Types have; TypeScript does not know it yet. */
type Factory = {
  createPolicy(
    name: string,
    rules: { createScriptURL: (address: string) => string },
  ): {
    createScriptURL(address: string): string;
  };
};

const WORKER = '/sw.js';
let worker: string | null = null;

/**
 * The address of the service worker, which is a script. Where the content security policy lets only Trusted
 * Types name scripts, this policy gives the one address, whatever it is asked for.
 */
function workerAddress(): string {
  const { trustedTypes } = window as typeof window & { trustedTypes?: Factory };
  // A policy is made once: a second one of the name is refused.
  worker ??=
    trustedTypes?.createPolicy('miyabi#worker', { createScriptURL: () => WORKER }).createScriptURL(WORKER) ??
    WORKER;
  return worker;
}

/** Begins what makes the pages work without a network, when the page has nothing better to do. */
export function startOffline(me: Me): void {
  void openDrafts(me);
  void resumeUnsent(me);
  // Not with `next dev`, whose files change.
  if (process.env.NODE_ENV !== 'production' || !('serviceWorker' in navigator)) return;
  whenIdle(() => {
    // Without it everything works but for a reload without a network.
    navigator.serviceWorker.register(workerAddress()).catch(() => {});
  }, 5_000);
}
