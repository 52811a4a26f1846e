// What an operator should look at now, worst first: plain rules over what the pool says of itself. Words are made elsewhere.
import type { Settings, Stats, TokenRow, TrendFigures } from '../../../api/admin';
import type { Health } from '../../../api/public';
import { budgetsOf } from '../tokens/limit_rows.ts';

export type Urgency = 'bad' | 'warn' | 'accent';

export type Finding =
  | { what: 'storage_unreachable' | 'no_keys' | 'no_tokens' | 'redis_unreachable' | 'provider_off' | 'never_cleaned'; urgency: Urgency }
  | { what: 'tables_missing' | 'schema_outdated'; urgency: Urgency; mend: string }
  | { what: 'problems'; urgency: Urgency; problems: string[] }
  | { what: 'incident'; urgency: Urgency; reason: string; model: string; since: string }
  | { what: 'none_usable' | 'few_usable'; urgency: Urgency; usable: number; total: number }
  | { what: 'near_budget'; urgency: Urgency; tokens: { name: string; share: number }[] }
  | { what: 'failing'; urgency: Urgency; share: number; requests: number }
  | { what: 'resting' | 'expired'; urgency: Urgency; count: number };

export interface Known {
  provider: string;
  health: Health | null;
  stats: Stats | null;
  settings: Settings | null;
  tokens: TokenRow[];
  /** The newest step of the trend. */
  latest: TrendFigures | null;
  now_ms: number;
}

const kFewUsable = 0.2;
const kMuchFailing = 0.05;
const kNearBudget = 0.8; // of a day's or a month's
const kEnoughRequests = 20; // below that a share says nothing
const kCleanedWithin_ms = 48 * 3600 * 1000; // the cron runs daily

const kRank: Record<Urgency, number> = { bad: 0, warn: 1, accent: 2 };

export function findings({ provider, health, stats, settings, tokens, latest, now_ms }: Known): Finding[] {
  const found: Finding[] = [];
  const row = health?.providers[provider];
  const mend = settings?.schema.mend ?? health?.mend ?? '';
  if (health?.storage && !health.storage.reachable) found.push({ what: 'storage_unreachable', urgency: 'bad' });
  if (row && !row.enabled) found.push({ what: 'provider_off', urgency: 'accent' });
  if (row?.enabled && row.tables === 'missing') found.push({ what: 'tables_missing', urgency: 'bad', mend });
  if (row?.enabled && row.tables === 'outdated') found.push({ what: 'schema_outdated', urgency: 'bad', mend });
  if (row?.incident) found.push({ what: 'incident', urgency: 'warn', ...row.incident });
  const problems = settings?.problems ?? health?.problems ?? [];
  if (problems.length > 0) found.push({ what: 'problems', urgency: 'bad', problems });
  if (settings?.redis.configured && settings.redis.reachable === false) found.push({ what: 'redis_unreachable', urgency: 'warn' });
  const lastRun = settings?.cron.lastRun;
  if (lastRun && now_ms - Date.parse(lastRun) > kCleanedWithin_ms) found.push({ what: 'never_cleaned', urgency: 'warn' });
  if (stats) found.push(...keyFindings(stats));
  if (stats && stats.total_client_tokens === 0) found.push({ what: 'no_tokens', urgency: 'accent' });
  const near = nearBudget(tokens, now_ms);
  if (near.length > 0) found.push({ what: 'near_budget', urgency: 'warn', tokens: near });
  if (latest && latest.requests >= kEnoughRequests && latest.failure / latest.requests > kMuchFailing) {
    found.push({ what: 'failing', urgency: 'warn', share: latest.failure / latest.requests, requests: latest.requests });
  }
  return found.sort((a, b) => kRank[a.urgency] - kRank[b.urgency]);
}

function keyFindings(stats: Stats): Finding[] {
  const wanted = stats.total_api_keys - stats.disabled_keys - stats.expired_keys;
  const found: Finding[] = [];
  if (stats.total_api_keys === 0) found.push({ what: 'no_keys', urgency: 'accent' });
  else if (stats.active_keys === 0) found.push({ what: 'none_usable', urgency: 'bad', usable: 0, total: stats.total_api_keys });
  else if (stats.active_keys < wanted * kFewUsable) found.push({ what: 'few_usable', urgency: 'warn', usable: stats.active_keys, total: wanted });
  else if (stats.failed_keys > 0) found.push({ what: 'resting', urgency: 'accent', count: stats.failed_keys });
  if (stats.expired_keys > 0) found.push({ what: 'expired', urgency: 'accent', count: stats.expired_keys });
  return found;
}

/** Tokens in use that have spent most of a budget, the fullest first. */
function nearBudget(tokens: TokenRow[], now_ms: number): { name: string; share: number }[] {
  const inUse = tokens.filter((row) => !row.disabled && !(row.expires_at && Date.parse(row.expires_at) <= now_ms));
  const shares = inUse.map((row) => ({ name: row.name || row.hint, share: budgetsOf(row.limits, row.used)[0]?.share ?? 0 }));
  return shares.filter(({ share }) => share >= kNearBudget).sort((a, b) => b.share - a.share);
}
