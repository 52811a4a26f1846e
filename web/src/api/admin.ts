// The routes that need the admin token (docs/HTTP-API.md), typed. Figures may come as numbers or as decimal text; figure() reads both.
import { ask, askResponse, withQuery, type AskOptions } from './client';
import { joinParts, readPart, type ExportFormat, type ExportPart } from './key_export';
import { linesOf } from './lines';
import { asAdmin } from './session';

export type ProviderId = string;

export const figure = (value: unknown): number => Number(value ?? 0) || 0;

function admin<T>(path: string, options: AskOptions = {}): Promise<T> {
  return asAdmin((token) => ask<T>(path, { ...options, token }), options.signal);
}

export interface Figures {
  total_requests: number;
  success_count: number;
  failure_count: number;
  prompt_tokens: number;
  completion_tokens: number;
  cached_tokens: number;
  reasoning_tokens: number;
  estimated_tokens: number;
  cost_nano: number;
}

export interface Stats extends Figures {
  total_api_keys: number;
  active_keys: number;
  failed_keys: number;
  disabled_keys: number;
  expired_keys: number;
  total_client_tokens: number;
  timestamp: string;
}

export const stats = (provider: ProviderId, signal?: AbortSignal) => admin<Stats>(withQuery('/admin/stats', { provider }), { signal });

// Trends

export type Window = '24h' | '30d';

export interface TrendFigures {
  requests: number;
  success: number;
  failure: number;
  prompt_tokens: number;
  completion_tokens: number;
  cached_tokens: number;
  reasoning_tokens: number;
  estimated_tokens: number;
  cost_nano: number;
  latency_ms: number | null;
}

export interface Trends {
  step: 'hour' | 'day';
  rows: ({ start: string } & TrendFigures)[];
  totals: TrendFigures;
  models: ({ model: string } & TrendFigures)[];
}

export const trends = (provider: ProviderId, window: Window, signal?: AbortSignal) => admin<Trends>(withQuery('/admin/trends', { provider, window }), { signal });

// Settings

export interface Settings {
  version: string;
  configuration: { name: string; set: boolean; secret: boolean; value: string | null; default: string | null }[];
  problems: string[];
  missing: string[];
  storage: { kind: string; reachable: boolean; latencyMs: number | null };
  schema: { needed: number; found: number | null; mend: string };
  redis: { configured: boolean; reachable: boolean | null };
  cron: { lastRun: string | null };
  providers: { id: string; enabled: boolean; baseUrl: string }[];
}

export const settings = (signal?: AbortSignal) => admin<Settings>('/admin/settings', { signal });

// Keys

export type KeyStatus = 'active' | 'failed' | 'disabled' | 'expired';

export interface KeyRow extends Figures {
  id: string;
  api_key: string;
  username: string;
  status: KeyStatus;
  reason: string | null;
  until: string | null;
  created_at: string | null;
  expires_at: string | null;
  last_success: string | null;
  last_failure: string | null;
  consecutive_failures: number;
}

export interface KeyDetail extends KeyRow {
  evidence: unknown;
  quota: unknown;
  models: { model: string; reason: string; until_ms: number }[] | null;
  refusals: number;
}

export interface Paged { total: number; page: number; pageSize: number; totalPages: number }
export interface KeyQuery { status?: string; search?: string; sort?: string }

export const keys = (provider: ProviderId, query: KeyQuery, page: number, pageSize: number, signal?: AbortSignal) =>
  admin<{ api_keys: KeyRow[] } & Paged>(withQuery('/admin/api-keys', { provider, ...query, page, pageSize }), { signal });

export const key = (provider: ProviderId, id: string, signal?: AbortSignal) => admin<KeyDetail>(withQuery(`/admin/keys/${encodeURIComponent(id)}`, { provider }), { signal });

export const enableKeys = (provider: ProviderId, ids: string[]) => admin<{ changed: number }>('/admin/keys/enable', { method: 'POST', body: { provider, ids } });

export const disableKeys = (provider: ProviderId, ids: string[], duration_s: number, reason: string) =>
  admin<{ changed: number }>('/admin/keys/disable', { method: 'POST', body: { provider, ids, duration: duration_s, ...(reason ? { reason } : {}) } });

export const removeKeys = (provider: ProviderId, ids: string[]) => admin<{ removed: number }>('/admin/api-keys', { method: 'DELETE', body: { provider, ids } });

export const addKey = (provider: ProviderId, api_key: string, username: string) =>
  admin<{ success: boolean; id: string | null }>('/admin/api-keys', { method: 'POST', body: { provider, api_key, ...(username ? { username } : {}) } });

export interface HealthCheck { checked: number; usable: number; total: number; cursor?: string | null; notGood?: { id: string; standing: string; reason: string | null }[] }

/** One call asks the provider about a few dozen keys; where its cursor is not null, the next call goes on from there. */
export const checkKeys = (provider: ProviderId, { cursor, ids }: { cursor?: string | null; ids?: string[] }) =>
  admin<HealthCheck>('/admin/keys/health-check', { method: 'POST', body: { provider, ...(cursor ? { cursor } : {}), ...(ids ? { ids } : {}) }, patience_ms: 120_000 });

/** The full keys as a file's content: the only calls that bring any. One brings so many; the next goes on where it ended. */
export const exportKeys = (provider: ProviderId, format: ExportFormat) => asAdmin(async (token) => {
  const parts: string[] = [];
  for (let after: string | null = ''; after !== null;) {
    const answer: Response = await askResponse(withQuery('/admin/api-keys/export', { provider, format, ...(after ? { after } : {}) }), { token, accept: '*/*', patience_ms: 300_000 });
    const part: ExportPart = readPart(format, await answer.text());
    parts.push(part.rows);
    after = part.next;
  }
  return joinParts(format, provider, parts);
});

// Import

export interface ImportProgress { done: number; total: number; added: number; existing: number; duplicates: number; invalid: number }
export interface ImportResult { total: number; added: number; existing: number; duplicates: number; invalid: { line: number; reason: string }[]; invalidCount?: number; validation?: Validation }

/** What the provider said of the keys that were added: those it refuses are not kept, those it says nothing about stay out of service. */
export interface Validation { checked: number; valid: number; unknown: number; refused: { id: string; reason: string | null }[] }

const kImportPatience_ms = 600_000;

interface ImportOptions { provider: ProviderId; text: string; type: 'text/plain' | 'text/csv' | 'application/json'; onProgress: (progress: ImportProgress) => void; signal?: AbortSignal }

/** What is told of a call's progress: an import's counts, or how many keys were asked about. */
type Told = ImportProgress | { done: number; total: number };

/** A long call; its progress is told while it lasts, where this version of the worker tells it. */
function longCall<T>(path: string, call: { body: unknown; type?: ImportOptions['type']; signal?: AbortSignal }, onTold: (told: Told) => void): Promise<T> {
  return asAdmin(async (token) => {
    const answer = await askResponse(path, { method: 'POST', ...call, accept: 'application/x-ndjson', token, patience_ms: kImportPatience_ms });
    if (!answer.headers.get('content-type')?.includes('ndjson')) return (await answer.json()) as T;
    for await (const line of linesOf(answer)) {
      if (!line.trim()) continue;
      const told = JSON.parse(line) as { progress?: Told; result?: T; error?: string };
      if (told.progress) onTold(told.progress);
      if (told.error) throw new Error(told.error);
      if (told.result) return told.result;
    }
    throw new Error('the call ended without a result');
  }, call.signal);
}

export const importKeys = ({ provider, text, type, onProgress, signal }: ImportOptions): Promise<ImportResult> =>
  longCall(withQuery('/admin/api-keys/import', { provider }), { body: text, type, signal }, (told) => { if ('added' in told) onProgress(told); });

/** Adds the keys out of service, asks the provider about each, and lets in those it knows; call by call until none is left. */
export async function importValidated({ provider, text, type, onProgress, signal }: ImportOptions): Promise<ImportResult> {
  type Answer = ImportResult & Validation & { cursor: string | null };
  const route = withQuery('/admin/api-keys/import-with-validation', { provider });
  const validation: Validation = { checked: 0, valid: 0, unknown: 0, refused: [] };
  let read: ImportProgress = { done: 0, total: 0, added: 0, existing: 0, duplicates: 0, invalid: 0 };
  const tell = (asked: number) => {
    const done = validation.checked + asked;
    onProgress({ ...read, done, total: Math.max(read.added + read.existing, done), added: validation.valid, invalid: validation.refused.length });
  };
  const onTold = (told: Told) => {
    if (!('added' in told)) return tell(told.done);
    read = told;
    onProgress(told);
  };
  let first: Answer | undefined;
  for (let cursor: string | null = null; first === undefined || cursor !== null;) {
    const answer: Answer = await longCall<Answer>(route, first === undefined ? { body: text, type, signal } : { body: { provider, cursor }, signal }, onTold);
    if (first === undefined) {
      first = answer;
      read = { ...read, added: answer.added, existing: answer.existing, duplicates: answer.duplicates };
    }
    validation.checked += figure(answer.checked);
    validation.valid += figure(answer.valid);
    validation.unknown += figure(answer.unknown);
    validation.refused.push(...(answer.refused ?? []));
    tell(0);
    cursor = answer.cursor;
  }
  return { ...first, validation };
}

// Tokens

export interface Limits {
  requests_per_minute?: number;
  tokens_per_minute?: number;
  daily_requests?: number;
  daily_tokens?: number;
  daily_cost_usd?: string | number;
  monthly_requests?: number;
  monthly_tokens?: number;
  monthly_cost_usd?: string | number;
  models?: string[];
  providers?: string[];
  addresses?: string[];
}

export interface Used { day_requests: number; day_tokens: number; day_cost_nano: number; month_requests: number; month_tokens: number; month_cost_nano: number }

export interface TokenRow extends Figures {
  hash: string;
  name: string;
  hint: string;
  created_at: string | null;
  expires_at: string | null;
  disabled: boolean;
  /** Until then the secret before the last rotation works, too. */
  grace_until?: string | null;
  limits: Limits | null;
  used: Used | null;
}

/** Before tokens had limits their rows said id and token for hash and hint. */
type TokenWire = TokenRow & { id?: string; token?: string };

export async function tokens(provider: ProviderId, page: number, search: string, signal?: AbortSignal, pageSize = 100): Promise<{ tokens: TokenRow[] } & Paged> {
  const answer = await admin<{ tokens: TokenWire[] } & Paged>(withQuery('/admin/tokens', { provider, page, pageSize, search }), { signal });
  return { ...answer, tokens: answer.tokens.map((row) => ({ ...row, hash: row.hash ?? row.id, hint: row.hint ?? row.token, used: row.used ?? null })) };
}

export interface TokenInput { name: string; expiresIn: number; limits: Limits }

export const createToken = (provider: ProviderId, input: TokenInput) => admin<{ token: string; name: string }>('/admin/tokens', { method: 'POST', body: { provider, ...input } });

export const changeToken = (provider: ProviderId, hash: string, change: { name?: string; disabled?: boolean; expiresIn?: number; limits?: Limits }) =>
  admin<unknown>(`/admin/tokens/${hash}`, { method: 'PATCH', body: { provider, ...change } });

export const rotateToken = (provider: ProviderId, hash: string, grace_s: number) =>
  admin<{ token: string; name: string; graceUntil: string }>(`/admin/tokens/${hash}/rotate`, { method: 'POST', body: { provider, grace: grace_s } });

export const removeToken = (provider: ProviderId, hash: string) => admin<unknown>(withQuery(`/admin/tokens/${hash}`, { provider }), { method: 'DELETE' });

// Explain, audit, reconcile, cache

export interface Explained { order: number; id: string; state: string; reason: string | null; until: string | null; weight: number; inFlight: number; ceiling?: number; remaining?: number; failureRate: number; latencyMs: number; refusals: number }
export interface Explanation { model: string; total: number; usable: number; inWorkingSet: number; incident: boolean; keys: Explained[] }

export const explain = (provider: ProviderId, model: string, signal?: AbortSignal) => admin<Explanation>('/admin/explain', { method: 'POST', body: { provider, model }, signal });

export interface AuditEntry { at: string; action: string; target: unknown; detail: unknown; address: string | null; affected?: number | null }

export const audit = (provider: ProviderId, page: number, signal?: AbortSignal) => admin<{ entries: AuditEntry[] } & Paged>(withQuery('/admin/audit', { provider, page, pageSize: 50 }), { signal });

export interface Reconciliation { rows: { id: string; username: string; ours_nano: number; theirs_nano: number; drift_nano: number; at: string }[]; at: string | null }

export const reconcile = (provider: ProviderId, signal?: AbortSignal) => admin<Reconciliation>(withQuery('/admin/reconcile', { provider }), { signal });

export interface CacheStats { enabled: boolean; store: string | null; entries: number | null; hits: number; misses: number }

export const cacheStats = (signal?: AbortSignal) => admin<CacheStats>('/admin/cache/stats', { signal });
export const clearCache = (provider: ProviderId) => admin<{ success: boolean; cleared: number | null; message: string }>('/admin/cache/clear', { method: 'POST', body: { provider } });
