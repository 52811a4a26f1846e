// One way to ask the pool: JSON in, JSON out, every failure an ApiError that says what kind it is. Knows no route; the routes with their
// types are public.ts (no token) and admin.ts (the admin token).
export const kPatience_ms = 30_000;

export type FailureKind =
  | 'offline' // nothing answered
  | 'slow' // no answer in time
  | 'unauthorized' // 401, 403
  | 'missing' // 404, 405: this version of the worker has no such route
  | 'busy' // 429
  | 'refused' // another 4xx: the request is at fault
  | 'broken'; // 5xx, or an answer that is no JSON

export class ApiError extends Error {
  constructor(readonly kind: FailureKind, message: string, readonly status = 0, readonly code = '', readonly retryAfter_s = 0) {
    super(message);
    this.name = 'ApiError';
  }
}

export interface AskOptions {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Sent as JSON; a text is sent as it is, with `type`. */
  body?: unknown;
  type?: string;
  accept?: string;
  token?: string | null;
  signal?: AbortSignal;
  patience_ms?: number;
}

function kindOf(status: number): FailureKind {
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 404 || status === 405) return 'missing';
  if (status === 429) return 'busy';
  return status < 500 ? 'refused' : 'broken';
}

/** The failure that an answer tells, in any of the pool's error shapes. */
async function failureOf(answer: Response): Promise<ApiError> {
  const text = await answer.text().catch(() => '');
  let message = '';
  let code = '';
  try {
    const body = JSON.parse(text) as { error?: string | { message?: string; code?: string; type?: string }; code?: string };
    message = typeof body.error === 'string' ? body.error : body.error?.message ?? '';
    code = body.code ?? (typeof body.error === 'object' ? body.error.code ?? body.error.type : '') ?? '';
  } catch {
    message = text.slice(0, 200);
  }
  return new ApiError(kindOf(answer.status), message || `HTTP ${answer.status}`, answer.status, code, Number(answer.headers.get('retry-after')) || 0);
}

/** The answer, once its headers are there and say success; throws ApiError. The caller reads the body. */
export async function askResponse(path: string, options: AskOptions = {}): Promise<Response> {
  const { method = 'GET', body, type, accept = 'application/json', token, signal, patience_ms = kPatience_ms } = options;
  const headers: Record<string, string> = { accept };
  if (token) headers.authorization = `Bearer ${token}`;
  const isText = typeof body === 'string';
  if (body !== undefined) headers['content-type'] = type ?? (isText ? 'text/plain; charset=utf-8' : 'application/json');
  const tooLate = new AbortController();
  const timer = setTimeout(() => tooLate.abort(), patience_ms);
  try {
    const answer = await fetch(path, {
      method, headers, cache: 'no-store', credentials: 'omit',
      body: body === undefined ? null : isText ? body : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, tooLate.signal]) : tooLate.signal,
    });
    if (!answer.ok) throw await failureOf(answer);
    return answer;
  } catch (error) {
    if (error instanceof ApiError || signal?.aborted) throw error;
    if (tooLate.signal.aborted) throw new ApiError('slow', `no answer within ${patience_ms / 1000} s`);
    throw new ApiError('offline', error instanceof Error ? error.message : String(error));
  } finally {
    clearTimeout(timer);
  }
}

/** The JSON of a successful answer; throws ApiError. */
export async function ask<T>(path: string, options: AskOptions = {}): Promise<T> {
  const answer = await askResponse(path, options);
  const text = await answer.text().catch((error: unknown) => {
    throw new ApiError('offline', String(error));
  });
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new ApiError('broken', 'the answer is not JSON', answer.status);
  }
}

/** A path with a query of the members that are set. */
export function withQuery(path: string, query: Record<string, string | number | undefined | null>): string {
  const set = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '');
  const text = new URLSearchParams(set.map(([name, value]): [string, string] => [name, String(value)])).toString();
  return text ? `${path}?${text}` : path;
}
