// The routes without a token: health and the public figures (docs/HTTP-API.md).
import { ask, ApiError, kPatience_ms, withQuery } from './client';

export interface ProviderHealth {
  enabled: boolean;
  configured: boolean;
  tables: 'ok' | 'missing' | 'outdated' | 'unknown';
  usableKeys: number | null;
  incident?: { reason: string; model: string; since: string };
}

export interface Health {
  status: 'ok' | 'degraded' | 'unconfigured';
  service: string;
  version: string;
  configured: boolean;
  timestamp: string;
  providers: Record<string, ProviderHealth>;
  storage?: { kind: string; reachable: boolean; latencyMs: number; problem?: string };
  mend?: string;
  missing?: string[];
  problems?: string[];
}

/** Also of a pool that is not configured yet (503 with a body that says what is missing). */
export async function health(signal?: AbortSignal): Promise<Health> {
  const answer = await fetch('/health', { cache: 'no-store', credentials: 'omit', headers: { accept: 'application/json' }, signal: AbortSignal.any([AbortSignal.timeout(kPatience_ms), ...(signal ? [signal] : [])]) })
    .catch((error: unknown) => { throw signal?.aborted ? error : new ApiError(error instanceof DOMException && error.name === 'TimeoutError' ? 'slow' : 'offline', String(error)); });
  const body = (await answer.json().catch(() => null)) as Health | null;
  if (!body?.status) throw new ApiError('broken', `HTTP ${answer.status}`, answer.status);
  return body;
}

export interface ModelFigures {
  model: string;
  requests: number;
  success: number;
  failure: number;
  successRate: string;
}

export interface PublicStats {
  global: { totalRequests: number; successCount: number; failureCount: number; successRate: string; lastUpdated: string | null; totalApiKeys: number; activeKeys: number; failedKeys: number };
  topModels: ModelFigures[];
  recentTopModels: ModelFigures[];
  hourlyTrend: { hour: string; requests: number; success: number; failure: number; hourStart: string }[];
  meta: { generatedAt: string; provider: string };
  timestamp: string;
  stale?: boolean;
}

export function publicStats(provider: string, signal?: AbortSignal): Promise<PublicStats> {
  return ask<PublicStats>(withQuery('/admin/public-stats', { provider }), { signal });
}
