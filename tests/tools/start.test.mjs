// npm start: what it prints works, it honours its environment, and nothing that it started outlives it.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { startEmbeddedDatabase } from '../../tools/embedded_database.mjs';
import { addPracticeKeys, PoolDatabase } from '../../tools/local/practice_pool.mjs';
import { startPracticeUpstream } from '../../tools/practice_upstream.mjs';
import { freePort } from '../../tools/local/free_port.mjs';
import { descendants, isAlive, LocalRun, temporaryFolder } from './local_run.mjs';

async function start(t, environment = {}) {
  const run = new LocalRun(t, { PORT: String(await freePort()), EDGEPOOL_DATA_DIR: temporaryFolder(t), ...environment });
  return await run.running();
}

describe('a run without any setting', () => {
  test('the printed line is answered in a stream, also after a second start with the same data, and all ends on SIGTERM', async (t) => {
    const folder = temporaryFolder(t);
    const first = await start(t, { EDGEPOOL_DATA_DIR: folder });
    const answer = await fetch(...first.curl);
    assert.equal(answer.headers.get('content-type'), 'text/event-stream');
    const text = await answer.text();
    assert.match(text, /"content":"practice "/);
    assert.ok(text.endsWith('data: [DONE]\n\n'));

    const parts = descendants(first.child.pid);
    assert.ok(parts.some((part) => part.command.includes('embedded_database')) && parts.some((part) => part.command.includes('workerd')));
    assert.equal(await first.stop(), 0);
    assert.deepEqual(parts.filter((part) => isAlive(part.pid)), []);
    assert.ok(!existsSync(join(folder, 'running.pid')));

    const second = await start(t, { EDGEPOOL_DATA_DIR: folder });
    assert.deepEqual([second.row('Client token'), second.row('Admin token')], [first.row('Client token'), first.row('Admin token')]);
    assert.equal((await fetch(...second.curl)).status, 200);
    const stats = await fetch(new URL('/admin/stats', second.curl[0]), { headers: { authorization: `Bearer ${second.row('Admin token')}` } });
    assert.equal((await stats.json()).total_api_keys, 3);
  });

  test('the end of a part ends all, says which it was, and shows no secret', async (t) => {
    const run = await start(t);
    const parts = descendants(run.child.pid);
    process.kill(parts.find((part) => part.command.includes('embedded_database')).pid, 'SIGKILL');
    assert.equal(await run.exit, 1);
    assert.match(run.output, /The embedded database was ended by SIGKILL; edgepool stops\./);
    assert.doesNotMatch(run.output, /sb_secret_/);
    assert.deepEqual(parts.filter((part) => isAlive(part.pid)), []);
  });
});

describe('what it refuses', () => {
  test('a port in use', async (t) => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise((done) => holder.once('listening', done));
    t.after(() => holder.close());
    const run = new LocalRun(t, { PORT: String(holder.address().port), EDGEPOOL_DATA_DIR: temporaryFolder(t) });
    assert.equal(await run.exit, 1);
    assert.match(run.output, /Port \d+ is in use/);
  });

  test('a port that is none, and half of a database', async (t) => {
    const EDGEPOOL_DATA_DIR = temporaryFolder(t);
    const port = new LocalRun(t, { PORT: '99999', EDGEPOOL_DATA_DIR });
    assert.equal(await port.exit, 1);
    assert.match(port.output, /PORT is not a port/);
    const half = new LocalRun(t, { PORT: String(await freePort()), EDGEPOOL_DATA_DIR, SUPABASE_REST_URL: 'http://127.0.0.1:9/rest/v1' });
    assert.equal(await half.exit, 1);
    assert.match(half.output, /SUPABASE_SERVICE_ROLE_KEY is not/);
  });

  test('a data folder that another run uses', async (t) => {
    const folder = temporaryFolder(t);
    const first = await start(t, { EDGEPOOL_DATA_DIR: folder });
    const second = new LocalRun(t, { PORT: String(await freePort()), EDGEPOOL_DATA_DIR: folder });
    assert.equal(await second.exit, 1);
    assert.match(second.output, new RegExp(`already runs with the data folder .*process ${first.child.pid}`));
    assert.ok(isAlive(first.child.pid));
  });
});

describe('what the environment names', () => {
  test('a real upstream gets no practice key, ADMIN_TOKEN is used and not printed', async (t) => {
    const real = await startPracticeUpstream({ keys: ['real-key'] });
    t.after(() => real.stop());
    const folder = temporaryFolder(t);
    await (await start(t, { EDGEPOOL_DATA_DIR: folder })).stop();
    const run = await start(t, { EDGEPOOL_DATA_DIR: folder, OLLAMA_BASE_URL: real.url, ADMIN_TOKEN: 'admin-of-the-environment' });
    assert.doesNotMatch(run.output, /admin-of-the-environment/);
    const headers = { authorization: 'Bearer admin-of-the-environment', 'content-type': 'application/json' };
    const origin = run.row('Page').replace(/\/$/, '');
    const keysOf = async (provider) => (await (await fetch(`${origin}/admin/stats?provider=${provider}`, { headers })).json()).total_api_keys;
    assert.deepEqual([await keysOf('ollama'), await keysOf('openrouter')], [0, 3]);
    await fetch(`${origin}/admin/api-keys`, { method: 'POST', headers, body: JSON.stringify({ api_key: 'real-key' }) });
    assert.equal((await fetch(`${origin}/v1/chat/completions`, { ...run.curl[1] })).status, 200);
    assert.deepEqual(real.requests.list({ path: '/v1/chat/completions' }).map((record) => record.key), ['real-key']);
  });

  test('an empty database of one\'s own is practised with, one with a real key is not', async (t) => {
    const database = await startEmbeddedDatabase();
    t.after(() => database.stop());
    const own = { SUPABASE_REST_URL: database.url, SUPABASE_SERVICE_ROLE_KEY: database.serviceKey };
    const practised = await start(t, own);
    assert.equal((await fetch(...practised.curl)).status, 200);
    assert.ok(!descendants(practised.child.pid).some((part) => part.command.includes('embedded_database')));
    await practised.stop();

    const pool = new PoolDatabase(database.url, database.serviceKey);
    await addPracticeKeys(pool, 'ollama');
    await pool.call('pool_keys_add', { provider: 'ollama', keys: [{ key: 'somebodys-real-key' }] });
    const real = await start(t, { ...own, OPENROUTER_BASE_URL: 'http://127.0.0.1:9/api/v1' });
    assert.match(real.row('Upstream'), /ollama \(the provider itself\)/);
    assert.doesNotMatch(real.row('Upstream'), /practice/);
  });

  test('DATABASE_URL alone starts no database, and the worker derives its address', async (t) => {
    const run = await start(t, { DATABASE_URL: 'postgresql://postgres.abcdefghijklmnop:pass@db.invalid:6543/postgres' });
    assert.ok(!descendants(run.child.pid).some((part) => part.command.includes('embedded_database')));
    assert.doesNotMatch(run.output, /pass@/);
    const health = await (await fetch(`${run.row('Page')}health`)).json();
    assert.doesNotMatch(JSON.stringify(health), /set SUPABASE_REST_URL/);
  });
});
