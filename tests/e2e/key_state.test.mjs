// What an operator sees of a key's state, and does about it: reasons with their evidence, explain, keys turned off and on by hand, probes
// that generate nothing, and a bench that another isolate learns of.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, idOf, secretsStayIn, wholePool } from './support/pool.mjs';
import { startWorker } from './support/workerd.mjs';

const pool = wholePool({ keys: 3 });

const explained = async (model = 'gpt-oss:20b', provider = 'ollama') => (await pool.admin('/admin/explain', { model, provider })).json();
const detail = async (key, provider = 'ollama') => (await pool.admin(`/admin/keys/${idOf(key)}?provider=${provider}`)).json();

/** Asks until the key with the fault has been tried. */
async function benchByFault(key, fault) {
  await pool.fresh();
  pool.upstream.faults.add({ fault, match: { key } });
  await eventually(async () => {
    assert.equal((await pool.chat()).status, 200);
    return pool.upstream.requests.list().some((request) => request.key === key) ? true : undefined;
  }, 'the faulty key to be tried');
}

test('a key at its weekly limit is benched with reason, end and evidence, in the database and in explain', async () => {
  const [key] = pool.keys.ollama;
  await benchByFault(key, '429_weekly');
  const seen = await eventually(async () => {
    const row = await detail(key);
    return row.status === 'failed' ? row : undefined;
  }, 'the bench in the database');
  assert.match(seen.reason, /^[a-z_]+$/);
  assert.ok(Date.parse(seen.until) > Date.now());
  assert.match(JSON.stringify(seen.evidence), /429/);
  const { keys, usable, total } = await explained();
  const row = keys.find(({ id }) => id === idOf(key));
  assert.equal(row.state, 'benched');
  assert.equal(row.reason, seen.reason);
  assert.ok(keys.indexOf(row) === keys.length - 1, 'what cannot serve comes last');
  assert.deepEqual([keys.length, total], [3, 3]);
  assert.ok(usable >= 2);
});

test('a key that lacks a subscription for one model is benched for that model only', async () => {
  const [key] = pool.keys.ollama;
  await benchByFault(key, '403_subscription');
  const byState = async (model) => (await explained(model)).keys.find(({ id }) => id === idOf(key)).state;
  assert.equal(await byState('gpt-oss:20b'), 'model_benched');
  assert.equal(await byState('another:1b'), 'ready');
  const row = await eventually(async () => {
    const found = await detail(key);
    return found.models?.length > 0 ? found : undefined;
  }, 'the bench of the pair in the database');
  assert.equal(row.status, 'active');
  assert.equal(row.models[0].model, 'gpt-oss:20b');
});

test('a key turned off by hand is not used until it is turned on again', async () => {
  await pool.fresh();
  const [key] = pool.keys.ollama;
  assert.deepEqual((await pool.admin('/admin/keys/disable', { id: idOf(key) })).json(), { success: true, changed: 1, message: 'Changed' });
  for (let i = 0; i < 12; i++) assert.equal((await pool.chat()).status, 200);
  assert.ok(!pool.upstream.requests.list().some((request) => request.key === key));
  assert.equal((await detail(key)).status, 'disabled');
  assert.equal((await pool.admin('/admin/keys/enable', { apiKey: key })).json().changed, 1);
  await eventually(async () => {
    await pool.chat();
    return pool.upstream.requests.list().some((request) => request.key === key) ? true : undefined;
  }, 'the key to be used again');
});

test('a probe tells a good key from a refused one and generates nothing', async () => {
  for (const provider of ['ollama', 'openrouter']) {
    await pool.fresh();
    const [key] = pool.keys[provider];
    const good = (await pool.admin('/admin/verify-key', { api_key: key, provider })).json();
    assert.deepEqual([good.standing, good.valid], ['good', true]);
    const bad = (await pool.admin('/admin/verify-key', { api_key: 'sk-of-nobody', provider })).json();
    assert.deepEqual([bad.standing, bad.valid], ['refused', false]);
    const checked = (await pool.admin(`/admin/keys/health-check?provider=${provider}`, {})).json();
    assert.equal(checked.checked, 3);
    const paths = new Set(pool.upstream.requests.list().map((request) => request.path));
    assert.deepEqual([...paths], [provider === 'ollama' ? '/api/balance' : '/api/v1/key']);
  }
});

test('another isolate leaves a benched key alone within ten seconds or so', async () => {
  await pool.fresh();
  const [key] = pool.keys.ollama;
  const other = await startWorker({ ADMIN_TOKEN: pool.adminToken, SUPABASE_REST_URL: pool.gate.url, SUPABASE_SERVICE_ROLE_KEY: pool.database.serviceKey,
    OLLAMA_BASE_URL: pool.upstream.ollamaBaseUrl, OPENROUTER_BASE_URL: pool.upstream.openrouterBaseUrl });
  try {
    const explainThere = async () => {
      const response = await fetch(new URL('/admin/explain', other.url), { method: 'POST', body: '{"model":"gpt-oss:20b"}', headers: { authorization: `Bearer ${pool.adminToken}` } });
      return (await response.json()).keys.find(({ id }) => id === idOf(key)).state;
    };
    const askThere = () => fetch(new URL('/v1/chat/completions', other.url), { method: 'POST', headers: { authorization: `Bearer ${pool.tokens.ollama}` },
      body: '{"model":"gpt-oss:20b","messages":[{"role":"user","content":"hi"}]}' }).then((response) => response.text());
    await askThere();
    assert.equal(await explainThere(), 'ready');
    // Once only: wherever else the key is tried it works, so that the other isolate can learn of the bench from the database alone.
    pool.upstream.faults.add({ fault: '429_weekly', count: 1, match: { key } });
    await eventually(async () => {
      await pool.chat();
      return pool.upstream.requests.list().some((request) => request.key === key && request.status === 429) ? true : undefined;
    }, 'the key to be benched here');
    assert.equal(await explainThere(), 'ready');
    await eventually(async () => {
      await askThere();
      return (await explainThere()) === 'benched' ? true : undefined;
    }, 'the other isolate to know');
  } finally {
    await other.stop();
  }
});

test('what is asked wrongly is refused by name', async () => {
  const noModel = await pool.admin('/admin/explain', {});
  assert.deepEqual([noModel.status, noModel.json().param], [400, 'model']);
  const noProvider = await pool.admin('/admin/explain', { model: 'm', provider: 'nobody' });
  assert.deepEqual([noProvider.status, noProvider.json().code], [400, 'unknown_provider']);
  const badKey = await pool.admin('/admin/verify-key', { api_key: 'with blanks in it' });
  assert.deepEqual([badKey.status, badKey.json().param], [400, 'api_key']);
  const nothing = await pool.admin('/admin/keys/disable', {});
  assert.equal(nothing.status, 400);
  const badDuration = await pool.admin('/admin/keys/disable', { id: '0123456789abcdef', duration: 'long' });
  assert.deepEqual([badDuration.status, badDuration.json().param], [400, 'duration']);
  assert.equal((await pool.admin('/admin/keys/ffffffffffffffff')).status, 404);
});

secretsStayIn(pool);
