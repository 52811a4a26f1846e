// What the worker says of itself when something is not set, or set wrongly.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kProviders, secretsStayIn, wholePool } from './support/pool.mjs';

const pool = wholePool();

test('missing configuration is a 503 that names what to set, on every route', async () => {
  for (const [variables, name] of [[{ ADMIN_TOKEN: '' }, 'ADMIN_TOKEN'], [{ ADMIN_TOKEN: 'change-me' }, 'ADMIN_TOKEN'], [{ SUPABASE_REST_URL: '' }, 'SUPABASE_REST_URL'],
    [{ SUPABASE_SERVICE_ROLE_KEY: '' }, 'SUPABASE_SERVICE_ROLE_KEY'], [{ MAX_ATTEMPTS: 'many' }, 'MAX_ATTEMPTS'], [{ OLLAMA_BASE_URL: 'not a url' }, 'OLLAMA_BASE_URL']]) {
    await pool.restart(variables);
    for (const answer of [await pool.chat(), await pool.ask('/v1/models'), await pool.ask('/admin/public-stats'), await pool.admin('/admin/stats'), await pool.ask('/health')]) {
      assert.equal(answer.status, 503, name);
      assert.ok(answer.text.includes(name), `${name}: ${answer.text}`);
    }
    const chat = await pool.chat();
    assert.ok(Number(chat.headers.get('retry-after')) > 0);
    const health = (await pool.ask('/health')).json();
    assert.deepEqual([health.status, health.configured], ['unconfigured', false]);
    assert.ok((await pool.ask('/')).text.includes(name));
    assert.ok(pool.worker.output().includes(name));
  }
});

test('a healthy pool says so, with what each provider has', async () => {
  await pool.restart();
  for (const provider of kProviders) assert.equal((await pool.chat({}, { provider })).status, 200);
  const health = (await pool.ask('/health')).json();
  assert.equal(health.status, 'ok');
  assert.deepEqual([health.service, health.configured, health.storage.kind, health.storage.reachable], ['edgepool', true, 'postgres', true]);
  for (const provider of kProviders) {
    const { enabled, configured, tables, usableKeys } = health.providers[provider];
    assert.deepEqual([enabled, configured, tables, usableKeys], [true, true, 'ok', 3]);
  }
});

test('a provider that is switched off is a 503, the other one works', async () => {
  await pool.restart({ DISABLE_OLLAMA: 'true' });
  assert.equal((await pool.chat()).status, 503);
  assert.equal((await pool.chat({}, { provider: 'openrouter' })).status, 200);
  assert.equal((await pool.ask('/health')).json().providers.ollama.enabled, false);
});

test('a pool without keys is a 503 that says what to do', async () => {
  await pool.restart();
  await pool.admin('/admin/api-keys?provider=openrouter', { apiKeys: pool.keys.openrouter }, { method: 'DELETE' });
  const answer = await pool.chat({}, { provider: 'openrouter' });
  assert.equal(answer.status, 503);
  assert.match(answer.json().error.message, /import/);
  await pool.addKeys('openrouter', pool.keys.openrouter);
});

test('OPENROUTER_APP_URL and OPENROUTER_APP_TITLE go up where the client names none', async () => {
  await pool.restart({ OPENROUTER_APP_URL: 'https://pool.example/', OPENROUTER_APP_TITLE: 'Our pool' });
  assert.equal((await pool.chat({}, { provider: 'openrouter' })).status, 200);
  const { headers } = pool.upstream.requests.list({ provider: 'openrouter' }).at(-1);
  assert.deepEqual([headers['http-referer'], headers['x-title']], ['https://pool.example/', 'Our pool']);
});

secretsStayIn(pool);
