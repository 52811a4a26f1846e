// npm run migrate:kv, from a real local KV namespace (Wrangler's) into a real database: what it takes, leaves, reports, and does twice.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startEmbeddedDatabase } from '../../tools/embedded_database.mjs';
import { PoolDatabase } from '../../tools/local/practice_pool.mjs';
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
