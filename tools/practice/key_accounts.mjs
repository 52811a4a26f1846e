// The practice upstream's keys: which are accepted, how many requests each may have at once, and what the key-information
// routes (/api/balance, /api/v1/key) say of them. By default every key that starts with "practice-" is accepted.
export class KeyAccounts {
  #prefix;
  #rows = new Map();

  constructor({ prefix = 'practice-', keys = [] } = {}) {
    this.#prefix = prefix;
    for (const key of keys) this.set({ key });
  }

  /** {key, accepted = true, concurrency = 0 (no ceiling), probe_body = null}; members left out keep their value. */
  set({ key, ...members }) {
    if (typeof key !== 'string' || key === '') throw new TypeError('key must be a non-empty text');
    const row = { accepted: true, concurrency: 0, probe_body: null, ...this.#rows.get(key), ...members };
    this.#rows.set(key, row);
    return { key, ...row };
  }

  clear() {
    this.#rows.clear();
  }

  accepts(key) {
    const row = this.#rows.get(key);
    return row ? row.accepted : key !== undefined && this.#prefix !== '' && key.startsWith(this.#prefix);
  }

  concurrency(key) {
    return this.#rows.get(key)?.concurrency ?? 0;
  }

  /** What the key-information route answers for a key in good health. */
  probeBody(provider, key, now_ms) {
    const set = this.#rows.get(key)?.probe_body;
    if (set) return set;
    const in_days = (days) => new Date(now_ms + days * 86400e3).toISOString().replace(/\.\d+Z$/, 'Z');
    if (provider === 'ollama') {
      return { included: { balance_usd: 72.5, allowance_usd: 100, period: { from: in_days(-10), until: in_days(20) } }, purchased: { balance_usd: 25 } };
    }
    return { data: { label: 'sk-or-v1-pra...ice', limit: 10, limit_reset: 'monthly', limit_remaining: 7.5, include_byok_in_limit: false,
      usage: 2.5, usage_daily: 0.5, usage_weekly: 1, usage_monthly: 2.5, byok_usage: 0, byok_usage_daily: 0, byok_usage_weekly: 0, byok_usage_monthly: 0,
      is_free_tier: false, is_management_key: false, expires_at: null } };
  }
}
