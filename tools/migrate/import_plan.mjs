// Puts a plan (kv_layout.mjs) into the pool's tables through the pool_* functions. What is there already stays as it is, so it can be
// run again, also after it broke off half-way. Answers what it did, per provider.

const kKeysPerCall = 1000;

// A key that nobody and nothing has touched since it was added: only then may the older deployment's word on it count.
const isUntouched = (row) => row.status === 'active' && row.state_ms === null && !row.by_hand;

async function importKeys(database, provider, rows, report) {
  for (let at = 0; at < rows.length; at += kKeysPerCall) {
    const keys = rows.slice(at, at + kKeysPerCall).map(({ key, username, expires_ms }) => ({ key, ...(username ? { username } : {}), ...(expires_ms === null ? {} : { expires_ms }) }));
    const { added, existing } = await database.call('pool_keys_add', { provider, keys });
    report.keysAdded += added;
    report.keysExisting += existing;
  }
  for (const { key, disabled } of rows) {
    if (!disabled) continue;
    const row = await database.call('pool_keys_get', { provider, key });
    if (!row || !isUntouched(row)) continue;
    const { changed } = await database.call('pool_keys_set', { provider, keys: [key], status: 'disabled', reason: 'disabled before the migration',
      ...(disabled.until_ms === null ? {} : { until_ms: disabled.until_ms }) });
    report.keysDisabled += changed;
  }
}

async function importTokens(database, provider, tokens, report) {
  for (const { hash, hint, name, expires_ms } of tokens) {
    const { created } = await database.call('pool_tokens_create', { provider, hash, hint, name, ...(expires_ms === null ? {} : { expires_ms }) });
    if (created) report.tokensAdded++;
    else report.tokensExisting++;
  }
}

export async function importPlan(database, plan) {
  const reports = {};
  for (const [provider, { keys, tokens }] of Object.entries(plan.providers)) {
    if (keys.size === 0 && tokens.length === 0) continue;
    const report = { keysAdded: 0, keysExisting: 0, keysDisabled: 0, tokensAdded: 0, tokensExisting: 0 };
    reports[provider] = report;
    await importKeys(database, provider, [...keys.values()], report);
    await importTokens(database, provider, tokens, report);
  }
  return reports;
}
