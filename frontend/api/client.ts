import createClient from 'openapi-fetch';
import { accessToken, rejected } from '@/session/access-token';
import { fetchWithin } from './fetch-within';
import { ApiProblem, problemOf } from './problem';
import type { components, paths } from './schema';

/** The types of the API's document. */
export type Schema = components['schemas'];

function send(request: Request, token: string): Promise<Response> {
  const authorized = new Request(request, { headers: new Headers(request.headers) });
  authorized.headers.set('authorization', `Bearer ${token}`);
  return fetchWithin(authorized);
}

/** Adds the access token. A token that was refused is exchanged once, and the request sent again. */
async function authorizedFetch(request: Request): Promise<Response> {
  const token = await accessToken();
  const again = request.clone();
  const response = await send(request, token);
  if (response.status !== 401) return response;
  return send(again, await rejected(token));
}

/** The API under the site's own address. Every failure is thrown as an `ApiProblem`. */
export const api = createClient<paths>({ baseUrl: '/', fetch: authorizedFetch });

api.use({
  async onResponse({ response }) {
    if (!response.ok) throw await problemOf(response);
  },
});

/** What a request that has a body in its response gave. */
export async function body<T>(request: Promise<{ data?: T }>): Promise<T> {
  const { data } = await request;
  if (data === undefined) throw new ApiProblem(0, 'empty', 'The response has no body.');
  return data;
}
