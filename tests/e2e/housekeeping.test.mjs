// The daily event, as the platform's cron sends it.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { secretsStayIn, wholePool } from './support/pool.mjs';
import { kRoot } from './support/workerd.mjs';

// Sends the worker its scheduled event when a request of the test asks for it: workerd by itself has no cron.
const kClock = `
import worker from './real_index.mjs';
export default {
  async fetch(request, variables, context) {
    if (!request.headers.has('x-test-scheduled')) return worker.fetch(request, variables, context);
    await worker.scheduled({ cron: '', scheduledTime: Date.now() }, variables, context);
    return new Response('done');
  },
};`;

const pool = wholePool({ modules: { 'js-shim/index.mjs': kClock, 'js-shim/real_index.mjs': readFileSync(join(kRoot, 'js-shim/index.mjs'), 'utf8') } });

test('the daily event prunes what is too old and keeps what is counted', async () => {
  assert.equal((await pool.chat()).status, 200);
  await pool.counted(1);
  const hours = async () => (await pool.database.sql('select count(*)::int as count from public.ollama_api_model_hourly'))[0].count;
  await pool.database.sql("insert into public.ollama_api_model_hourly (provider, model, hour, requests) values ('ollama', 'old', date_trunc('hour', now()) - interval '400 days', 1)");
  assert.equal(await hours(), 2);
  assert.equal(await (await pool.fetch('/', { headers: { 'x-test-scheduled': '1' } })).text(), 'done');
  assert.ok(pool.gate.count('pool_prune') >= 1);
  assert.equal(await hours(), 1);
  assert.deepEqual(await pool.counted(1), { requests: 1, success: 1, failure: 0 });
});

test('the daily event asks what the provider has counted for its keys, and shows the drift', async () => {
  const used = async () => assert.equal((await pool.chat({}, { provider: 'openrouter' })).status, 200);
  await used();
  const before = pool.upstream.requests.list({ path: '/v1/key' }).length;
  assert.equal(await (await pool.fetch('/', { headers: { 'x-test-scheduled': '1' } })).text(), 'done');
  const { rows, total } = (await pool.admin('/admin/reconcile?provider=openrouter')).json();
  assert.ok(total >= 1 && rows.length === total, JSON.stringify(rows));
  for (const row of rows) {
    assert.match(row.id, /^[0-9a-f]{16}$/);
    assert.equal(row.drift_nano, row.theirs_nano - row.ours_nano, JSON.stringify(row));
  }
  assert.ok(pool.upstream.requests.list().length > before);
});

test('a daily event without a database fails in the log, not in the worker', async () => {
  await pool.gate.shut();
  assert.equal(await (await pool.fetch('/', { headers: { 'x-test-scheduled': '1' } })).text(), 'done');
  await pool.gate.open();
  assert.equal((await pool.chat()).status, 200);
});

secretsStayIn(pool);
