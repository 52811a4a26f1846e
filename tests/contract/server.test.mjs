// The doors of the embedded database: who is let in, what a missing function says, and data that outlives the process.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { batch, figures, sha256, startServer } from './support.mjs';

let server;
let call;
let send;
before(async () => { ({ server, call, send } = await startServer()); });

test('the service key is let in as apikey or as a bearer beside it, and nobody else is', async () => {
  const type = { 'content-type': 'application/json' };
  const status = async (headers) => (await send('pool_version', {}, { headers: { ...type, ...headers } })).status;
  assert.equal(await status({ apikey: server.serviceKey }), 200);
  assert.equal(await status({ apikey: server.serviceKey, authorization: `Bearer ${server.serviceKey}` }), 200);
  assert.ok([401, 403].includes(await status({ apikey: server.publishableKey })));
  assert.ok([401, 403].includes(await status({ apikey: server.publishableKey, authorization: `Bearer ${server.publishableKey}` })));
  assert.equal(await status({}), 401);
  assert.equal(await status({ apikey: 'sb_secret_wrong' }), 401);
  assert.equal(await status({ apikey: `${server.serviceKey}x` }), 401);
});

test('the publishable key executes nothing and reads no table', async () => {
  for (const name of ['pool_take', 'pool_record', 'pool_keys_export', 'pool_tokens_list']) {
    const answer = await send(name, { provider: 'ollama' }, { key: server.publishableKey });
    assert.ok([401, 403].includes(answer.status), `${name}: ${answer.status}`);
    assert.equal(answer.json().code, '42501');
  }
  for (const table of ['ollama_api_keys', 'ollama_api_client_tokens']) {
    const answer = await fetch(`${server.url}/${table}`, { headers: { apikey: server.publishableKey } });
    assert.notEqual(answer.status, 200);
  }
});

test('a function that is not there is 404 PGRST202, which is how a missing schema looks', async () => {
  const { send: bare } = await startServer({ schemaFiles: false });
  for (const answer of [await send('pool_no_such_function', {}), await bare('pool_version', {})]) {
    assert.deepEqual([answer.status, answer.json().code], [404, 'PGRST202']);
  }
});

test('it listens on this machine only', () => {
  assert.match(server.url, /^http:\/\/127\.0\.0\.1:\d+\/rest\/v1$/);
});

test('PGlite keeps its folder: keys, counts and schema are there after a restart, and the schema is not applied twice', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'edgepool-contract-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const program = fileURLToPath(new URL('../../tools/embedded_database.mjs', import.meta.url));
  const start = async () => {
    const child = spawn(process.execPath, [program, '--data-dir', folder], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, SUPABASE_SERVICE_ROLE_KEY: 'sb_secret_of_the_test' } });
    const [line] = await once(child.stdout, 'data');
    const ready = JSON.parse(line.toString());
    assert.equal(ready.serviceKey, 'sb_secret_of_the_test');
    const ask = async (name, p) => (await fetch(`${ready.url}/rpc/${name}`, { method: 'POST', headers: { 'content-type': 'application/json', apikey: ready.serviceKey }, body: JSON.stringify({ p }) })).json();
    const stop = async () => {
      child.kill('SIGTERM');
      const [code] = await once(child, 'exit');
      return code;
    };
    return { ask, stop };
  };
  const first = await start();
  await first.ask('pool_keys_add', { provider: 'ollama', keys: [{ key: 'sk-kept-0000000000001' }] });
  const sent = batch({ models: [{ model: 'm', hour_ms: Date.now(), ...figures({ requests: 1, success: 1 }) }] });
  assert.equal((await first.ask('pool_record', sent)).applied, true);
  assert.equal(await first.stop(), 0);
  const second = await start();
  assert.equal((await second.ask('pool_take', { provider: 'ollama' })).keys[0].key, 'sk-kept-0000000000001');
  assert.equal((await second.ask('pool_record', sent)).applied, false, 'the batch is still known');
  assert.equal((await second.ask('pool_public_stats', { provider: 'ollama' })).total_requests, '1');
  assert.equal(await second.stop(), 0);
  const { server: third } = await startServer({ dataDir: folder });
  assert.equal(third.schema, 'unchanged');
});

test('eight requests at once through PostgREST count exactly', async () => {
  const hash = sha256('concurrent');
  await call('pool_tokens_create', { provider: 'ollama', hash, hint: 'h', name: 'n' });
  const batches = Array.from({ length: 40 }, () => batch({ tokens: [{ hash, ...figures({ requests: 1, success: 1 }), last_used_ms: Date.now() }], models: [{ model: 'c', hour_ms: Date.now(), ...figures({ requests: 1, success: 1 }) }] }));
  const answers = await Promise.all([...batches, ...batches].map((each) => call('pool_record', each)));
  assert.equal(answers.filter((answer) => answer.applied).length, 40);
  assert.equal((await call('pool_admin_stats', { provider: 'ollama' })).total_requests, '40');
  assert.equal((await call('pool_tokens_list', { provider: 'ollama' })).tokens[0].requests, '40');
});
