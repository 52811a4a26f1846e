// The older deployment's database, as fixtures/older_deployment.sql leaves it, with the schema applied over it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { batch, callAs, figures, idOf, kSchema, openDatabase, sha256 } from './support.mjs';

const kFixture = readFileSync(new URL('./fixtures/older_deployment.sql', import.meta.url), 'utf8');
const kGuideColumns = {
  ollama_api_keys: 'api_key, username, created_at, expires_at, failed_until, consecutive_failures',
  ollama_api_key_stats: 'api_key, total_requests, success_count, failure_count, success_rate, last_used, last_success, last_failure, consecutive_failures',
  ollama_api_client_tokens: 'token, name, created_at, expires_at, request_count',
  ollama_api_global_stats: 'id, total_requests, success_count, failure_count, updated_at',
};

let db;
const old = {};
const rowsOf = (table, columns) => db.sql.unsafe(`select (${columns})::text from ${table} order by 1`);
const sums = async () => ({
  models: await db.sql`select sum(total_requests)::int as requests, sum(success_count)::int as success, sum(failure_count)::int as failure from ollama_api_model_stats`,
  hours: await db.sql`select sum(requests)::int as requests, sum(success)::int as success, sum(failure)::int as failure from ollama_api_model_hourly`,
});

before(async () => {
  db = await openDatabase({ schema: false });
  await db.sql.unsafe(kFixture);
  for (const [table, columns] of Object.entries(kGuideColumns)) old[table] = await rowsOf(table, columns);
  old.sums = await sums();
  await db.sql.unsafe(kSchema);
});
after(() => db.close());

const keyOf = (key) => db.call('pool_keys_get', { provider: 'ollama', key });

test('every row of the keys, their figures, the tokens and the total is as it was', async () => {
  for (const [table, columns] of Object.entries(kGuideColumns)) assert.deepEqual(await rowsOf(table, columns), old[table], table);
});

test('models counted in two rows become one row, and no count is lost', async () => {
  assert.deepEqual(await sums(), old.sums);
  const models = await db.sql`select provider, model, total_requests::int as n from ollama_api_model_stats order by model`;
  assert.deepEqual(models.map((row) => [row.provider, row.model, row.n]), [['ollama', 'llama3.1:70b', 107], ['ollama', 'qwen3', 50], ['ollama', 'unknown', 3]]);
  const now = await db.sql`select model, requests::int as n from ollama_api_model_hourly where hour = date_trunc('hour', now(), 'UTC') order by model`;
  assert.deepEqual(now.map((row) => [row.model, row.n]), [['llama3.1:70b', 18], ['qwen3', 4]]);
});

test('old hourly rows are dated by their hour, so that the guide\'s clean-up takes the right ones', async () => {
  const [row] = await db.sql`select count(*)::int as n from ollama_api_model_hourly where created_at < now() - interval '30 days'`;
  assert.equal(row.n, 1);
});

test('ids and hashes are those of the texts\' UTF-8, whatever they contain', async () => {
  for (const row of await db.sql`select api_key, id from ollama_api_keys`) assert.equal(row.id, idOf(row.api_key), row.api_key);
  for (const row of await db.sql`select token, token_hash from ollama_api_client_tokens`) assert.equal(row.token_hash, sha256(row.token));
});

test('keys left at failed after their time come back, one probe at a time', async () => {
  const { keys } = await db.call('pool_take', { provider: 'ollama', limit: 100 });
  const states = Object.fromEntries(keys.map((key) => [key.key, key.state]));
  assert.deepEqual(states, {
    'old-active-0000000000000001': 'active', 'old-null-status-00000000002': 'active', 'old-failed-past-00000000003': 'probation',
    'old-failed-forever-00000005': 'probation', 'old-disabled-past-000000007': 'probation', 'old-expires-later-000000011': 'active',
    'old-back\\slash-\\x41-0000013': 'active', 'old-ключ-密钥-000000000000014': 'active',
  });
});

test('statuses mean what they meant, and the counts agree', async () => {
  const wanted = {
    'old-failed-future-000000004': 'failed', 'old-disabled-00000000000006': 'disabled', 'old-disabled-future-0000008': 'disabled',
    'old-expired-000000000000009': 'expired', 'old-expired-unmarked-000010': 'expired', 'old-odd-status-000000000012': 'disabled',
  };
  for (const [key, status] of Object.entries(wanted)) assert.equal((await keyOf(key)).status, status, key);
  assert.equal((await keyOf('old-odd-status-000000000012')).reason, 'unknown_status:cooling');
  const stats = await db.call('pool_admin_stats', { provider: 'ollama' });
  assert.deepEqual([stats.total_keys, stats.active_keys, stats.failed_keys, stats.disabled_keys, stats.expired_keys], [14, 8, 1, 3, 2]);
  assert.deepEqual([stats.total_requests, stats.success, stats.failure, stats.total_tokens], ['123456', '120000', '3456', 4]);
});

test('moments that are no dates are never and the epoch, not errors', async () => {
  const odd = await keyOf('old-back\\slash-\\x41-0000013');
  assert.deepEqual([odd.created_ms, odd.expires_ms, odd.status], [null, null, 'active']);
  assert.equal((await keyOf('old-ключ-密钥-000000000000014')).created_ms, 0);
});

test('what a person had disabled stays so, whatever verdict arrives late', async () => {
  const id = idOf('old-disabled-00000000000006');
  await db.call('pool_record', batch({ verdicts: [{ id, state: 'active', at_ms: Date.now() }] }));
  assert.equal((await keyOf('old-disabled-00000000000006')).status, 'disabled');
});

test('plain client tokens still authenticate and are never shown', async () => {
  const { token } = await db.call('pool_token', { provider: 'ollama', token_hash: sha256('sk-client-plain-token-000001') });
  assert.deepEqual([token.name, token.disabled, token.expires_ms], ['laptop', false, null]);
  const expired = (await db.call('pool_token', { provider: 'ollama', token_hash: sha256('sk-client-expired-token-0002') })).token;
  assert.ok(expired.expires_ms < Date.now());
  assert.equal((await db.call('pool_token', { provider: 'ollama', token_hash: sha256('no such token') })).token, null);
  const list = JSON.stringify(await db.call('pool_tokens_list', { provider: 'ollama', page: 1, page_size: 100 }));
  for (const { token: plain } of await db.sql`select token from ollama_api_client_tokens`) assert.ok(!list.includes(JSON.stringify(plain).slice(1, -1)), 'a token in the list');
  assert.ok(list.includes('sk-cli...0001'));
});

test('counting goes on from the old figures, nulls included', async () => {
  const now = Date.now();
  await db.call('pool_record', batch({
    models: [{ model: 'qwen3', hour_ms: now, ...figures({ requests: 2, success: 2 }) }],
    keys: ['old-active-0000000000000001', 'old-null-status-00000000002'].map((key) => ({ id: idOf(key), ...figures({ requests: 1, success: 1 }), last_used_ms: now, fails: 0, fails_reset: true })),
    tokens: ['sk-client-plain-token-000001', 'short'].map((token) => ({ hash: sha256(token), ...figures({ requests: 1, success: 1 }), last_used_ms: now })),
  }));
  assert.equal((await keyOf('old-active-0000000000000001')).requests, '9007199254740994');
  assert.equal((await keyOf('old-null-status-00000000002')).requests, '1');
  const tokens = await db.sql`select token, request_count::int as n from ollama_api_client_tokens where token in ('short', 'sk-client-plain-token-000001') order by 1`;
  assert.deepEqual(tokens.map((row) => row.n), [1, 4243]);
  assert.equal((await db.call('pool_public_stats', { provider: 'ollama', offset_minutes: 480 })).total_requests, '123458');
});

test('keys of the older deployment can be removed, their figures with them', async () => {
  assert.deepEqual(await db.call('pool_keys_remove', { provider: 'ollama', keys: ['old-failed-past-00000000003'] }), { removed: 1 });
  assert.equal((await db.sql`select count(*)::int as n from ollama_api_key_stats where api_key = 'old-failed-past-00000000003'`)[0].n, 0);
});

test('its open policy and its grants to everybody are gone; the service role keeps its table access', async () => {
  assert.equal((await db.sql`select count(*)::int as n from pg_policies`)[0].n, 0);
  for (const role of ['anon', 'authenticated']) {
    await assert.rejects(db.sql.begin(async (transaction) => {
      await transaction.unsafe(`set local role ${role}`);
      await transaction`select api_key from ollama_api_keys`;
    }), { code: '42501' });
  }
  const rows = await db.sql.begin(async (transaction) => {
    await transaction.unsafe('set local role service_role');
    return transaction`select count(*)::int as n from ollama_api_keys`;
  });
  assert.equal(rows[0].n, 13);
  assert.equal((await callAs(db.sql, 'service_role', 'pool_version', {})).providers.ollama.tables, 'ok');
});
