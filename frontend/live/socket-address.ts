import { api, body } from '@/api/client';
import { ApiProblem } from '@/api/problem';
import { dropEverything } from '@/offline/snapshot';

/** The address of the WebSocket API of this stage; null when it has none. */
export async function socketUrl(): Promise<string | null> {
  const response = await fetch('/config.json');
  if (!response.ok) return null;
  const config: { outputs?: { webSocketUrl?: string } } = await response.json();
  const url = config.outputs?.webSocketUrl;
  return url && /^wss?:\/\//.test(url) ? url : null;
}

/** The address for one connection; null when this session has no rights to one any more. */
export async function addressOf(url: string): Promise<string | null> {
  try {
    const { ticket } = await body(api.POST('/api/auth/ws-ticket'));
    return `${url}?ticket=${encodeURIComponent(ticket)}`;
  } catch (problem) {
    // Removed from the organization: nothing of it may stay in memory. The next token is of another one.
    if (problem instanceof ApiProblem && problem.code === 'not_a_member') {
      await dropEverything();
      location.reload();
    }
    if (problem instanceof ApiProblem && (problem.status === 401 || problem.status === 403)) return null;
    throw problem;
  }
}
