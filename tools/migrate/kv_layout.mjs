// The older deployment's KV layout, read without touching anything: which entry is what, and what of it can be taken over.
//
// One namespace (bound there as API_KEYS) holds both providers; entries of every provider but the default one begin with "<provider>:".
//   api_keys_list           JSON array of API keys: the only place where the keys themselves stand
//   key_metadata:<sha256>   {username, createdAt, status, ttl?, expiresAt?} of a key; times in ISO 8601
//   disabled:<sha256>       "manual", until the entry expires (for good when it does not)
//   failed:<sha256>         until the entry expires, an hour at most
//   key_stats:<sha256>      {totalRequests, successCount, ...}
//   client_token:<token>    {token, name, createdAt, expiresAt, requestCount}; times in milliseconds or ISO 8601
//   cache:...               answers kept for minutes
// The last of `failed`, `key_stats` and `cache` are left behind on purpose; what is none of these is reported by its name, cut short.
import { createHash } from 'node:crypto';

export const kProviders = ['ollama', 'openrouter'];
const kDefaultProvider = 'ollama';
const kPlainKinds = new Set(['api_keys_list']);
const kKindsWithReference = new Set(['key_metadata', 'disabled', 'failed', 'key_stats', 'client_token', 'cache']);
const kReadKinds = new Set(['api_keys_list', 'key_metadata', 'client_token']);
const kMaxNameLength = 256;
const kLastMoment_ms = Date.UTC(9999, 11, 31, 23, 59, 59, 999); // the database's last one

export const sha256 = (text) => createHash('sha256').update(text).digest('hex');

/** {provider, kind, reference} of an entry's name; kind null when the layout does not know it. */
export function kindOf(name) {
  const provider = kProviders.find((id) => id !== kDefaultProvider && name.startsWith(`${id}:`));
  const rest = provider ? name.slice(provider.length + 1) : name;
  const colon = rest.indexOf(':');
  const found = { provider: provider ?? kDefaultProvider, kind: null, reference: '' };
  if (kPlainKinds.has(rest)) return { ...found, kind: rest };
  const kind = rest.slice(0, colon);
  return colon > 0 && kKindsWithReference.has(kind) ? { ...found, kind, reference: rest.slice(colon + 1) } : found;
}

/** The entries whose values have to be read. */
export const isRead = (name) => kReadKinds.has(kindOf(name).kind);

/** A name as a report may show it: what may be a secret is cut. */
export const shown = (name) => name.split(':').map((part) => (part.length > 16 ? `${part.slice(0, 6)}...` : part)).join(':');

const isKey = (text) => typeof text === 'string' && text.length >= 1 && text.length <= 512 && /^[!-~]+$/.test(text);

// As the database takes it: no control characters, no line ends of Unicode's, no half of a surrogate pair; counted in code points.
const cleanName = (text) => (typeof text === 'string' ? [...text.toWellFormed().replace(/[\p{Cc}\u2028\u2029]/gu, ' ').trim()].slice(0, kMaxNameLength).join('') : '');

function parsed(value) {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

/** Milliseconds of a time as the older deployment writes it; null = never; undefined = unreadable. */
function time(value) {
  if (value === null || value === undefined || value === '') return null;
  const ms = typeof value === 'number' ? value : Date.parse(value);
  return Number.isFinite(ms) && ms >= 0 && ms <= kLastMoment_ms ? Math.floor(ms) : undefined;
}

class ProviderPlan {
  keys = new Map(); // by key: {key, username, expires_ms, disabled: {until_ms} | null}
  tokens = [];      // {hash, hint, name, expires_ms}
}

/**
 * What to import, from the namespace's entries ({name, expiration?}) and the values of those that isRead() names (a Map; an entry that
 * was gone meanwhile is null). Answers {providers: {id: ProviderPlan}, problems: [text], leftBehind: {kind: count}, unknown: [name]}.
 */
export function planOf(entries, values, now_ms) {
  const plan = { providers: Object.fromEntries(kProviders.map((id) => [id, new ProviderPlan()])), problems: [], leftBehind: {}, unknown: [] };
  const read = entries.map((entry) => ({ ...entry, ...kindOf(entry.name), value: values.get(entry.name) ?? null }));
  const leave = (kind) => { plan.leftBehind[kind] = (plan.leftBehind[kind] ?? 0) + 1; };

  for (const entry of read.filter(({ kind }) => kind === 'api_keys_list')) readKeyList(entry, plan);
  const byHash = Object.fromEntries(kProviders.map((id) => [id, new Map([...plan.providers[id].keys.values()].map((row) => [sha256(row.key), row]))]));
  for (const entry of read) {
    const row = byHash[entry.provider].get(entry.reference);
    if (entry.kind === null) plan.unknown.push(shown(entry.name));
    else if (entry.kind === 'client_token') readToken(entry, plan);
    else if (entry.kind === 'failed' || entry.kind === 'key_stats' || entry.kind === 'cache') leave(entry.kind);
    else if (entry.kind !== 'api_keys_list' && !row) leave(`${entry.kind} of a key that is in no list`);
    else if (entry.kind === 'key_metadata') readMetadata(entry, row, plan);
    else if (entry.kind === 'disabled') {
      const until_ms = time(entry.expiration ? entry.expiration * 1000 : null) ?? null;
      if (until_ms === null || until_ms > now_ms) row.disabled = { until_ms };
    }
  }
  return plan;
}

function readKeyList({ name, provider, value }, plan) {
  const list = parsed(value);
  if (!Array.isArray(list)) {
    plan.problems.push(`${name}: not a JSON array; none of its keys can be read`);
    return;
  }
  list.forEach((key, place) => {
    const text = typeof key === 'string' ? key.trim() : key;
    if (isKey(text)) plan.providers[provider].keys.set(text, { key: text, username: '', expires_ms: null, disabled: null });
    else plan.problems.push(`${name}[${place}]: not an API key (1 to 512 visible ASCII characters)`);
  });
}

function readMetadata({ name, value }, row, plan) {
  const metadata = parsed(value);
  if (metadata === null || typeof metadata !== 'object') {
    plan.problems.push(`${shown(name)}: unreadable; its key comes without a name and without an end`);
    return;
  }
  row.username = metadata.username === 'N/A' ? '' : cleanName(metadata.username);
  const expires_ms = time(metadata.expiresAt);
  if (expires_ms === undefined) plan.problems.push(`${shown(name)}: expiresAt is no time; its key comes without an end`);
  row.expires_ms = expires_ms ?? null;
}

function readToken({ name, provider, reference, value }, plan) {
  const data = parsed(value);
  if (!isKey(reference) || data === null || typeof data !== 'object') {
    plan.problems.push(`${shown(name)}: unreadable; this token is not taken over`);
    return;
  }
  const expires_ms = time(data.expiresAt);
  if (expires_ms === undefined) {
    plan.problems.push(`${shown(name)}: expiresAt is no time; this token is not taken over, since it might never end`);
    return;
  }
  const hint = reference.length >= 12 ? `${reference.slice(0, 3)}...${reference.slice(-4)}` : '...';
  plan.providers[provider].tokens.push({ hash: sha256(reference), hint, name: cleanName(data.name) || 'migrated', expires_ms });
}
