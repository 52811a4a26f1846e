// Puts a plan (kv_layout.mjs) into the pool's tables through the pool_* functions. What is there already stays as it is, so it can be
// run again, also after it broke off half-way. Answers what it did, per provider.

const kKeysPerCall = 1000;

const kHeldFor = 'disabled before the migration';

const memberOf = ({ key, username, expires_ms }) => ({ key, ...(username ? { username } : {}), ...(expires_ms === null ? {} : { expires_ms }) });

// What nobody and nothing has touched since it was added: only then may the older deployment's word on it count.
const isUntouched = (row) => row.state_ms === null && ((row.status === 'active' && !row.by_hand) || (row.status === 'disabled' && row.reason === kHeldFor));

async function addKeys(database, provider, rows, report, hold) {
  let addedHere = 0;
  for (let at = 0; at < rows.length; at += kKeysPerCall) {
    const { added, existing } = await database.call('pool_keys_add', { provider, keys: rows.slice(at, at + kKeysPerCall).map(memberOf), ...hold });
    addedHere += added;
    report.keysExisting += existing;
  }
  report.keysAdded += addedHere;
  return addedHere;
}

// A disabled key comes out of service and stays so; how long is said afterwards, for it can only be said of each by itself.
async function importKeys(database, provider, rows, report) {
  const disabled = rows.filter((row) => row.disabled);
  report.keysDisabled += await addKeys(database, provider, disabled, report, { hold: kHeldFor });
  await addKeys(database, provider, rows.filter((row) => !row.disabled), report, {});
  for (const { key, disabled: { until_ms } } of disabled) {
    const row = await database.call('pool_keys_get', { provider, key });
    if (!row || !isUntouched(row) || (row.status === 'disabled' && until_ms === null)) continue;
    const { changed } = await database.call('pool_keys_set', { provider, keys: [key], status: 'disabled', reason: kHeldFor, ...(until_ms === null ? {} : { until_ms }) });
    if (row.status === 'active') report.keysDisabled += changed;
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
