import type { components } from './schema';

type Problem = components['schemas']['Problem'];

/**
 * Every failure of a request, as one type: problem+json of the API, the body of the gateway in front of
 * it, or no response at all.
 */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';

  constructor(
    /** HTTP status; 0 when there was no response. */
    readonly status: number,
    /** Stable identifier, for example `not_found`; `unreachable` without a response. */
    readonly code: string,
    /** A sentence for people, in English. */
    detail: string,
    /** Id of the request, to find it in the logs. */
    readonly requestId: string | null = null,
    /** What is wrong with which field. */
    readonly fields: Problem['errors'] = [],
    /** What it is about, where a program has to know: the account that is needed, an organization. */
    readonly about: Pick<Problem, 'login' | 'organization_id' | 'cause' | 'organizations'> = {},
  ) {
    super(detail);
  }

  /** Whether the same request can succeed later without a change. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** The problem that a response with an error status describes. */
export async function problemOf(response: Response): Promise<ApiProblem> {
  const requestId = response.headers.get('x-request-id');
  const body: Partial<Problem> & { message?: string } = await response.json().catch(() => ({}));
  return new ApiProblem(
    response.status,
    body.code ?? `http_${response.status}`,
    body.detail ?? body.message ?? response.statusText,
    body.request_id ?? requestId,
    body.errors ?? [],
    {
      login: body.login,
      organization_id: body.organization_id,
      cause: body.cause,
      organizations: body.organizations,
    },
  );
}

/** The problem of a request that got no response. */
export function unreachable(): ApiProblem {
  return new ApiProblem(0, 'unreachable', 'The server cannot be reached.');
}
