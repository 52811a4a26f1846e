// The database away, slow, or not set up: a warm isolate keeps serving, and what it counted arrives once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startEmbeddedDatabase } from '../../tools/embedded_database.mjs';
import { createDatabase } from '../sql/support.mjs';
import { eventually, pause, secretsStayIn, wholePool } from './support/pool.mjs';

const pool = wholePool();
let sent = 0;

async function served(times) {
  for (let i = 0; i < times; ++i) {
    const answer = await pool.chat();
    assert.equal(answer.status, 200, answer.text);
    sent++;
  }
}

const counted = async () => assert.deepEqual(await pool.counted(sent), { requests: sent, success: sent, failure: 0 });

test('a cold isolate asks the database once before the upstream call, a warm one not at all', async () => {
  await pool.restart();
  pool.gate.calls.length = 0;
  await served(1);
  assert.deepEqual(pool.gate.calls.filter((name) => name !== 'pool_record'), ['pool_take']);
  await counted();
  pool.gate.calls.length = 0;
  // Every call that the database gets meanwhile is held up: what is answered has not waited for one.
  await pool.gate.shut();
  await served(20);
  await pool.gate.open();
  await counted();
  assert.ok(pool.gate.calls.every((name) => name === 'pool_record' || name === 'pool_changes'), pool.gate.calls.join());
  assert.ok(pool.gate.count('pool_record') <= 3, `${pool.gate.count('pool_record')} flushes for 20 requests`);
});

test('a cold isolate that meets 64 requests at once serves them all', async () => {
  await pool.restart();
  const answers = await Promise.all(Array.from({ length: 64 }, () => pool.chat()));
  assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [200]);
  sent += 64;
  await counted();
});

test('with the database stopped a warm isolate keeps serving; the counts arrive once it is back, exactly once', async () => {
  await served(3);
  await counted();
  await pool.gate.shut();
  await served(25);
  await pause(2500);
  await served(5);
  assert.equal((await pool.publicStats()).stale ?? (await pool.publicStats()).error !== undefined, true);
  await pool.gate.open();
  await served(1);
  await counted();
  await pause(2000);
  await counted();
});

test('answers of the database that get lost on the way: the batch is sent again and counts once', async () => {
  pool.gate.losesAnswers = 'pool_record';
  pool.gate.calls.length = 0;
  await served(10);
  await eventually(() => (pool.gate.count('pool_record') >= 3 ? true : undefined), 'the batch to be sent again');
  pool.gate.losesAnswers = null;
  await served(1);
  await counted();
  await pause(2000);
  await counted();
});

test('a database that answers 500, 503 or rubbish for a while loses and doubles nothing', async () => {
  for (const refusal of [{ status: 500, body: '{"code":"XX000","message":"internal"}' }, { status: 503, body: '<html>busy</html>' }, { status: 200, body: '{"appl' }]) {
    pool.gate.refusal = refusal;
    await served(5);
    await pause(1500);
    pool.gate.refusal = null;
    await served(1);
    await counted();
  }
});

test('with a slow database a warm isolate answers without waiting for it', async () => {
  pool.gate.delay_ms = 3000;
  const calls = pool.gate.calls.length;
  await served(10);
  assert.equal(pool.gate.calls.slice(calls).filter((name) => name !== 'pool_record' && name !== 'pool_changes').length, 0);
  pool.gate.delay_ms = 0;
  await counted();
});

test('a cold isolate without a database answers 503 with Retry-After, and works when it is back', async () => {
  await pool.restart();
  await pool.gate.shut();
  const answer = await pool.chat();
  assert.equal(answer.status, 503);
  assert.ok(Number(answer.headers.get('retry-after')) >= 1);
  assert.equal(typeof answer.json().error.message, 'string');
  const health = (await pool.ask('/health')).json();
  assert.deepEqual([health.status, health.storage.reachable], ['degraded', false]);
  assert.equal((await pool.ask('/admin/public-stats')).status, 503);
  assert.equal((await pool.admin('/admin/stats')).status, 503);
  await pool.gate.open();
  await eventually(async () => ((await pool.chat()).status === 200 ? true : undefined), 'the pool to serve again');
  sent++;
  await counted();
});

test('a provider whose tables are missing is not configured, the other one works', async () => {
  const other = await startEmbeddedDatabase({ databaseUrl: await createDatabase() });
  try {
    await other.sql('drop table public.openrouter_api_keys cascade');
    await pool.restart({ SUPABASE_REST_URL: other.url, SUPABASE_SERVICE_ROLE_KEY: other.serviceKey });
    const admin = (path, body, init) => pool.admin(path, body, init);
    assert.equal((await admin('/admin/api-keys', { api_key: pool.keys.ollama[0] })).json().success, true);
    const made = (await admin('/admin/tokens', { name: 'someone' })).json();
    assert.equal((await pool.chat({}, { token: made.token })).status, 200);
    pool.answers.length = 0; // The token was told where it was created, and nowhere else.
    const refused = await pool.chat({}, { provider: 'openrouter', token: made.token });
    assert.equal(refused.status, 503);
    assert.match(refused.json().error.message, /tables of openrouter are missing/);
    const { providers } = (await pool.ask('/health')).json();
    assert.deepEqual([providers.ollama.tables, providers.openrouter.tables], ['ok', 'missing']);
    assert.deepEqual([providers.ollama.configured, providers.openrouter.configured], [true, false]);
    assert.equal((await admin('/admin/stats?provider=openrouter')).status, 503);
  } finally {
    await pool.restart();
    await other.stop();
  }
});

test('a database without any of the schema says so: health, proxy and admin', async () => {
  const bare = await startEmbeddedDatabase({ databaseUrl: await createDatabase(), schemaFiles: false });
  try {
    await pool.restart({ SUPABASE_REST_URL: bare.url, SUPABASE_SERVICE_ROLE_KEY: bare.serviceKey });
    assert.equal((await pool.chat()).status, 503);
    const health = (await pool.ask('/health')).json();
    assert.equal(health.status, 'degraded');
    assert.notEqual(health.providers.ollama.tables, 'ok');
    assert.match(JSON.stringify(health), /schema\.sql/);
    assert.equal((await pool.admin('/admin/api-keys')).status, 503);
  } finally {
    await pool.restart();
    await bare.stop();
  }
});

test('a wrong service key is a 503 that does not repeat the key', async () => {
  await pool.restart({ SUPABASE_SERVICE_ROLE_KEY: 'sb_secret_wrong_one' });
  const answer = await pool.chat();
  assert.equal(answer.status, 503);
  assert.doesNotMatch(answer.text + pool.worker.output(), /sb_secret_wrong_one/);
  await pool.restart();
});

secretsStayIn(pool);
