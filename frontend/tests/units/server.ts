import { vi } from 'vitest';

/** What a page asked of the API: `POST /api/invitations/accept`, with the parsed body. */
export type Asked = { request: string; body: unknown; headers: Headers };
type Answer = { status?: number; body?: unknown };

/** A problem as the API describes one. */
export function problem(status: number, code: string, about: object = {}): Answer {
  return {
    status,
    body: {
      type: 'about:blank',
      title: code,
      status,
      code,
      detail: code,
      request_id: 'r1',
      errors: [],
      ...about,
    },
  };
}

/**
 * An API for a page under test. A request without an answer of its own is a 404; the session is that of
 * somebody who is signed in.
 */
export function serve(answers: Record<string, Answer | ((asked: Asked) => Answer)>): Asked[] {
  const asked: Asked[] = [];
  const token = {
    body: {
      access_token: 'token',
      expires_in: 900,
      organization: { id: 'o1', name: 'Garden', role: 'owner' },
    },
  };
  const all: Record<string, Answer | ((asked: Asked) => Answer)> = {
    'POST /api/auth/refresh': token,
    'POST /api/auth/switch': token,
    ...answers,
  };
  async function respond(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init);
    const { pathname, search } = new URL(request.url);
    const text = await request.text();
    const entry = {
      request: `${request.method} ${pathname}${search}`,
      body: text ? JSON.parse(text) : undefined,
      headers: request.headers,
    };
    asked.push(entry);
    const found = all[entry.request] ?? all[`${request.method} ${pathname}`];
    const { status = 200, body } =
      (typeof found === 'function' ? found(entry) : found) ?? problem(404, 'not_found');
    return new Response(body === undefined ? null : JSON.stringify(body), { status });
  }
  vi.stubGlobal('fetch', respond);
  vi.spyOn(document, 'cookie', 'get').mockReturnValue('__Host-csrf=c1');
  return asked;
}
