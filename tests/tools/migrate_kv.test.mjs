// npm run migrate:kv, from a real local KV namespace (Wrangler's) into a real database: what it takes, leaves, reports, and does twice.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startEmbeddedDatabase } from '../../tools/embedded_database.mjs';
import { PoolDatabase } from '../../tools/local/practice_pool.mjs';
import { importPlan } from '../../tools/migrate/import_plan.mjs';
import { isRead, kindOf, planOf, sha256, shown } from '../../tools/migrate/kv_layout.mjs';
import { runToEnd, writeOlderNamespace } from './kv_fixture.mjs';

const kTool = fileURLToPath(new URL('../../tools/migrate_kv.mjs', import.meta.url));
let folder;
let database;
let calls;
let fixture;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'edgepool-kv-'));
  fixture = await writeOlderNamespace(folder);
  database = await startEmbeddedDatabase({});
  calls = new PoolDatabase(database.url, database.serviceKey);
});
after(async () => {
  await database?.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

const migrate = (...more) => runToEnd([kTool, '--namespace-id', fixture.id, '--local', '--persist-to', folder, ...more],
  { SUPABASE_REST_URL: database.url, SUPABASE_SERVICE_ROLE_KEY: database.serviceKey });
const keysOf = async (provider) => (await calls.call('pool_keys_list', { provider, page: 1, page_size: 1000, sort: 'username' })).keys;
const tokensOf = async (provider) => (await calls.call('pool_tokens_list', { provider, page: 1, page_size: 1000 })).tokens;

function noSecretIn(output) {
  for (const secret of fixture.secrets) assert.ok(!output.includes(secret), `${secret.slice(0, 8)}... was printed`);
}

test('without --yes it says what it would do, and changes nothing', async () => {
  const { code, output } = await migrate();
  assert.equal(code, 0, output);
  assert.match(output, /ollama +4 keys \(3 with a name, 2 that end, 2 disabled\), 2 client tokens/);
  assert.match(output, /openrouter +1 keys \(1 with a name, 0 that end, 0 disabled\), 1 client tokens/);
  assert.match(output, /1 × failed/);
  assert.match(output, /1 × key_stats/);
  assert.match(output, /1 × key_metadata of a key that is in no list/);
  assert.match(output, /api_keys_list\[4\]: not an API key/);
  assert.match(output, /global_stats/);
  assert.match(output, /Nothing was changed/);
  noSecretIn(output);
  assert.equal((await keysOf('ollama')).length, 0);
  assert.equal((await tokensOf('ollama')).length, 0);
});

test('with --yes keys, names, ends, disabled keys and tokens are in the pool', async () => {
  const { code, output } = await migrate('--yes');
  assert.equal(code, 0, output);
  assert.match(output, /ollama +keys: 4 added, 0 there already, 2 disabled; client tokens: 2 added, 0 there already/);
  assert.match(output, /openrouter +keys: 1 added, 0 there already, 0 disabled; client tokens: 1 added, 0 there already/);
  noSecretIn(output);
  const keys = Object.fromEntries((await keysOf('ollama')).map((row) => [row.username ?? '', row]));
  assert.deepEqual([keys.ann.status, keys.ben.status, keys.cat.status], ['active', 'disabled', 'expired']);
  assert.equal(keys.ann.expires_ms, fixture.annEnds_ms);
  assert.equal(keys.ben.until_ms, fixture.benRests_ms);
  assert.equal((await keysOf('openrouter'))[0].username, 'dora');
  const tokens = await tokensOf('ollama');
  assert.deepEqual(tokens.map((row) => row.name).sort(), ['laptop', 'phone']);
  assert.equal(tokens.find((row) => row.name === 'phone').expires_ms, fixture.phoneEnds_ms);
  const { token } = await calls.call('pool_token', { provider: 'ollama', token_hash: sha256(fixture.laptopToken) });
  assert.equal(token.name, 'laptop');
});

test('run again it adds nothing, and leaves what was changed meanwhile as it is', async () => {
  const [ben] = (await keysOf('ollama')).filter((row) => row.username === 'ben');
  await calls.call('pool_keys_set', { provider: 'ollama', ids: [ben.id], status: 'active' });
  const before = JSON.stringify([await keysOf('ollama'), await tokensOf('ollama')]);
  const { code, output } = await migrate('--yes');
  assert.equal(code, 0, output);
  assert.match(output, /ollama +keys: 0 added, 4 there already, 0 disabled; client tokens: 0 added, 2 there already/);
  assert.equal(JSON.stringify([await keysOf('ollama'), await tokensOf('ollama')]), before);
});

test('a disabled key never serves meanwhile, and a run that breaks off anywhere ends the same when it is repeated', async () => {
  const until_ms = Date.now() + 7_200_000;
  const rows = (name) => [['for-ever', { until_ms: null }], ['for-a-while', { until_ms }], ['serving', null]]
    .map(([kind, disabled]) => [`${name}-${kind}`, { key: `${name}-${kind}-key`, username: `${name}-${kind}`, expires_ms: null, disabled }]);
  const planNamed = (name) => ({ providers: { openrouter: { keys: new Map(rows(name)), tokens: [] } } });
  const stateOf = async (name) => (await keysOf('openrouter')).filter((row) => row.username?.startsWith(`${name}-`)).map((row) => [row.username.slice(name.length + 1), row.status, row.reason, row.until_ms]);
  const breakingAt = (most) => {
    let made = 0;
    return { call: async (name, args) => {
      if (made++ === most) throw new Error('broken off');
      const answer = await calls.call(name, args);
      for (const [kind, status] of await stateOf(args.keys?.[0]?.key?.split('-')[0] ?? 'none')) assert.ok(status === 'disabled' || kind === 'serving', `${kind} serves`);
      return answer;
    } };
  };
  const whole = { call: (name, args) => calls.call(name, args) };
  await importPlan(whole, planNamed('whole'));
  const expected = await stateOf('whole');
  assert.deepEqual(expected.sort(), [['for-a-while', 'disabled', 'disabled before the migration', until_ms], ['for-ever', 'disabled', 'disabled before the migration', null], ['serving', 'active', null, null]]);
  for (let most = 0; most < 5; most += 1) {
    await assert.rejects(importPlan(breakingAt(most), planNamed(`cut${most}`)), /broken off/);
    await importPlan(whole, planNamed(`cut${most}`));
    assert.deepEqual((await stateOf(`cut${most}`)).sort(), expected, `broken off after ${most} calls`);
  }
  const again = await importPlan(whole, planNamed('whole'));
  assert.deepEqual([again.openrouter.keysAdded, again.openrouter.keysDisabled], [0, 0]);
});

test('what it cannot do it says in a sentence', async () => {
  const { code, output } = await runToEnd([kTool], {});
  assert.equal(code, 1);
  assert.match(output, /Name the namespace/);
  const unnamed = await runToEnd([kTool, '--namespace-id', fixture.id, '--local', '--yes'], { SUPABASE_REST_URL: '', SUPABASE_SERVICE_ROLE_KEY: '' });
  assert.equal(unnamed.code, 1);
  assert.match(unnamed.output, /Set SUPABASE_REST_URL and SUPABASE_SERVICE_ROLE_KEY/);
  const unknown = await runToEnd([kTool, '--colour'], {});
  assert.match(unknown.output, /Usage: npm run migrate:kv/);
});

test('an empty namespace is no error', async () => {
  const { code, output } = await runToEnd([kTool, '--namespace-id', 'empty', '--local', '--persist-to', folder], {});
  assert.equal(code, 0, output);
  assert.match(output, /0 entries/);
});

test('each name of the layout is known for what it is, and others are not taken for it', () => {
  assert.deepEqual(kindOf('openrouter:client_token:sk-a:b'), { provider: 'openrouter', kind: 'client_token', reference: 'sk-a:b' });
  assert.deepEqual(kindOf('api_keys_list'), { provider: 'ollama', kind: 'api_keys_list', reference: '' });
  for (const name of ['api_keys_list2', 'other:api_keys_list', 'client_token', ':x', '', 'constructor:x']) assert.equal(kindOf(name).kind, null, name);
  assert.ok(isRead('openrouter:key_metadata:00') && !isRead('failed:00') && !isRead('whatever'));
  assert.equal(shown(`client_token:sk-${'x'.repeat(40)}`), 'client_token:sk-xxx...');
});

test('bad values are reported and never taken for good ones', () => {
  const entries = ['api_keys_list', 'openrouter:api_keys_list', `key_metadata:${sha256('good-key')}`, 'client_token:no-json', 'client_token:never-ending', 'client_token:list'].map((name) => ({ name }));
  const values = new Map([['api_keys_list', JSON.stringify(['good-key', '', 'with blank', 7, null, 'x'.repeat(513), ' good-key '])], ['openrouter:api_keys_list', '{"not":"a list"}'],
    [`key_metadata:${sha256('good-key')}`, '{"username":"a\\u0000b","expiresAt":"some day"}'], ['client_token:no-json', 'x'], ['client_token:never-ending', '{"name":"n","expiresAt":"soon"}'],
    ['client_token:list', '{"name":7,"expiresAt":null}']]);
  const plan = planOf(entries, values, 0);
  assert.deepEqual([...plan.providers.ollama.keys.values()], [{ key: 'good-key', username: 'a b', expires_ms: null, disabled: null }]);
  assert.deepEqual(plan.providers.ollama.tokens.map((row) => row.name), ['migrated']);
  assert.equal(plan.problems.length, 9);
  assert.ok(plan.problems.some((line) => line.startsWith('openrouter:api_keys_list: not a JSON array')));
});

test('a name is what the database takes, and no year is past its last one', () => {
  const name = (username) => {
    const values = new Map([['api_keys_list', '["k"]'], [`key_metadata:${sha256('k')}`, JSON.stringify({ username })]]);
    return planOf([...values.keys()].map((entry) => ({ name: entry })), values, 0).providers.ollama.keys.get('k').username;
  };
  assert.equal(name('a\u2028b\u2029c\u0085d'), 'a b c d');
  assert.equal(name('a\ud800b'), 'a\ufffdb');
  assert.equal(name('\u{1f600}'.repeat(300)), '\u{1f600}'.repeat(256));
  const ends = (expiresAt) => {
    const values = new Map([['client_token:t', JSON.stringify({ name: 'n', expiresAt })]]);
    return planOf([{ name: 'client_token:t' }], values, 0).providers.ollama.tokens.map((row) => row.expires_ms);
  };
  assert.deepEqual(ends('9999-12-31T23:59:59.999Z'), [253402300799999]);
  assert.deepEqual(ends('+010000-01-01T00:00:00Z'), []);
  assert.deepEqual(ends(253402300800000), []);
});
