// Keys by the thousand, second part: what goes out again in full and nowhere else, health checks and validated imports that go on by
// cursor, the audit log, and the wait that wrong admin tokens earn.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, idOf, secretsStayIn, wholePool } from './support/pool.mjs';

const pool = wholePool({ keys: 3 });
const remove = (path, body) => pool.admin(path, body, { method: 'DELETE' });
const kept = (keys) => {
  pool.secrets.push(...keys);
  return keys;
};
const linesOf = (answer) => answer.text.trimEnd().split('\n').map((line) => JSON.parse(line));
const ndjson = { headers: { accept: 'application/x-ndjson' } };

/** The one answer that shows keys is not among those that must not. */
async function exported(query) {
  const answer = await pool.admin(`/admin/api-keys/export${query}`);
  pool.answers.pop();
  return answer;
}

test('an export shows every key in full, and an import takes what it gives', async () => {
  const csv = await exported('?format=csv');
  assert.equal(csv.status, 200);
  assert.equal(csv.headers.get('cache-control'), 'no-store');
  assert.equal(csv.headers.get('content-disposition'), 'attachment; filename="edgepool-ollama-keys.csv"');
  for (const key of pool.keys.ollama) assert.ok(csv.text.includes(`"${key}","practice",`));
  const back = (await pool.admin('/admin/api-keys/import?provider=openrouter', csv.text, { method: 'POST', headers: { 'content-type': 'text/csv' } })).json();
  assert.deepEqual([back.total, back.added, back.invalidCount], [3, 3, 0]);
  const json = (await exported('?provider=openrouter')).json();
  assert.deepEqual([json.count, json.next, json.keys.length], [6, null, 6]);
  assert.deepEqual(new Set(json.keys.map(({ key }) => key)), new Set([...pool.keys.ollama, ...pool.keys.openrouter]));
  assert.equal((await remove('/admin/api-keys?provider=openrouter', { apiKeys: pool.keys.ollama })).json().removed, 3);
  assert.equal((await pool.admin('/admin/api-keys/export?format=xml')).status, 400);
});

test('an export whose database goes away in the middle is cut off, not ended', async () => {
  const many = kept(Array.from({ length: 3 }, (_, i) => `practice-export-${i}-0123456789`));
  const filling = Array.from({ length: 12_000 }, (_, i) => `practice-filling-${String(i).padStart(8, '0')}`);
  await pool.admin('/admin/api-keys/import', { keys: [...many, ...filling] });
  pool.gate.calls.length = 0;
  const shut = async () => {
    while (pool.gate.count('pool_keys_export') < 1) await new Promise((done) => setTimeout(done, 1));
    await pool.gate.idle();
    await pool.gate.shut();
  };
  const [outcome] = await Promise.all([pool.admin('/admin/api-keys/export').then((answer) => answer.status, (error) => error.name), shut()]);
  await pool.answers.pop().ended;
  assert.ok(outcome === 'TypeError' || outcome === 503, String(outcome));
  await pool.gate.open();
  const whole = (await exported('')).json();
  assert.equal(whole.count, 12_006);
  for (let at = 0; at < filling.length; at += 10_000) await remove('/admin/api-keys', { apiKeys: filling.slice(at, at + 10_000) });
  assert.equal((await remove('/admin/api-keys', { apiKeys: many })).json().removed, 3);
});

test('a health check goes on by cursor until every key was asked about once, six at a time, without generating anything', async () => {
  await pool.fresh();
  const keys = kept(Array.from({ length: 60 }, (_, i) => `practice-health-${String(i).padStart(3, '0')}-0123456789`));
  pool.upstream.keys.set({ key: keys[5], accepted: false });
  await pool.admin('/admin/api-keys/import', { keys });
  const answers = [];
  let cursor;
  do {
    const lines = linesOf(await pool.admin('/admin/keys/health-check', cursor ? { cursor } : {}, { method: 'POST', ...ndjson }));
    const { result } = lines.pop();
    assert.ok(lines.length > 0 && lines.every(({ progress }) => progress.done <= progress.total));
    answers.push(result);
    cursor = result.cursor;
  } while (cursor);
  assert.deepEqual(answers.map(({ checked }) => checked), [40, 23]);
  assert.equal(answers.reduce((sum, { good }) => sum + good, 0), 62);
  assert.deepEqual(answers.flatMap(({ notGood }) => notGood).map(({ id, standing }) => [id, standing]), [[idOf(keys[5]), 'refused']]);
  const asked = pool.upstream.requests.list();
  assert.equal(asked.length, 63);
  assert.deepEqual(new Set(asked.map(({ path }) => path)), new Set(['/api/balance']));
  await eventually(async () => ((await pool.admin(`/admin/keys/${idOf(keys[5])}`)).json().status === 'failed' ? true : undefined), 'the refused key to be benched');
  assert.equal((await remove('/admin/api-keys', { ids: keys.map(idOf) })).json().removed, 60);
});

test('a validated import lets in what the provider knows; nothing serves before it was asked about', async () => {
  await pool.fresh();
  const good = kept(Array.from({ length: 50 }, (_, i) => `practice-valid-${String(i).padStart(3, '0')}-0123456789`));
  const bad = kept(['sk-of-nobody-000000000001', 'sk-of-nobody-000000000002']);
  let answer = (await pool.admin('/admin/api-keys/import-with-validation', { keys: [...bad, ...good] })).json();
  assert.deepEqual([answer.added, answer.checked], [52, 39]);
  const refused = [...answer.refused];
  const stats = (await pool.admin('/admin/stats')).json();
  assert.equal(stats.active_keys, 3 + answer.valid);
  while (answer.cursor) {
    answer = (await pool.admin('/admin/api-keys/import-with-validation', { cursor: answer.cursor })).json();
    refused.push(...answer.refused);
  }
  assert.deepEqual(new Set(refused.map(({ id }) => id)), new Set(bad.map(idOf)));
  assert.equal((await pool.admin('/admin/stats')).json().active_keys, 53);
  assert.equal((await pool.admin('/admin/stats')).json().total_api_keys, 53);
  assert.equal((await remove('/admin/api-keys', { ids: good.map(idOf) })).json().removed, 50);
});

test('keys are turned off and on by their ids, with a reason for whoever asks later', async () => {
  const ids = pool.keys.ollama.map(idOf);
  assert.equal((await pool.admin('/admin/keys/disable', { ids, reason: 'moving house', duration: 3600 })).json().changed, 3);
  const row = (await pool.admin(`/admin/keys/${ids[0]}`)).json();
  assert.deepEqual([row.status, row.reason], ['disabled', 'moving house']);
  assert.ok(Date.parse(row.until) > Date.now());
  assert.equal((await pool.chat()).status, 503);
  assert.equal((await pool.admin('/admin/keys/enable', { ids })).json().changed, 3);
  assert.equal((await pool.chat()).status, 200);
  const { keys, total } = (await pool.admin('/admin/keys/stats?pageSize=2')).json();
  assert.deepEqual([keys.length, total], [2, 3]);
});

test('the audit log says who did what and when, never with a secret', async () => {
  const made = (await pool.admin('/admin/tokens', { name: 'audited' }, { headers: { 'cf-connecting-ip': '198.51.100.9', 'content-type': 'application/json' } })).json();
  pool.answers.pop();
  pool.secrets.push(made.token);
  await pool.ask(`/admin/tokens/${made.hash}`, { disabled: true }, { token: pool.adminToken, method: 'PATCH' });
  const rotated = (await pool.admin(`/admin/tokens/${made.hash}/rotate`, {})).json();
  pool.answers.pop();
  pool.secrets.push(rotated.token);
  await remove(`/admin/tokens/${made.hash}`);
  const { entries, total } = (await pool.admin('/admin/audit?pageSize=100')).json();
  assert.equal(entries.length, total);
  assert.deepEqual(entries.slice(0, 4).map(({ action, affected }) => [action, affected]), [['tokens.remove', 1], ['tokens.rotate', 1], ['tokens.change', 1], ['tokens.create', 1]]);
  assert.deepEqual([entries[3].target, entries[3].address], ['audited', '198.51.100.9']);
  const seen = new Set(entries.map(({ action }) => action));
  for (const action of ['keys.import', 'keys.export', 'keys.remove', 'keys.disable', 'keys.enable', 'keys.validate', 'keys.refuse']) assert.ok(seen.has(action), action);
  assert.equal(entries.find(({ action, affected }) => action === 'keys.import' && affected > 10_000).affected, 12_003, 'portions of one import are one entry');
  assert.ok(entries.every(({ at }) => Math.abs(Date.parse(at) - Date.now()) < 600_000));
});

test('ten wrong admin tokens in a row slow an address down, and only that address, and only for a while', async () => {
  const from = (address, token = pool.adminToken) => pool.ask('/admin/stats', undefined, { token, headers: { 'cf-connecting-ip': address } });
  for (let i = 0; i < 10; i++) assert.equal((await from('203.0.113.7', `wrong-${i}`)).status, 401);
  const slowed = await from('203.0.113.7');
  assert.equal(slowed.status, 429);
  assert.ok(Number(slowed.headers.get('retry-after')) >= 1);
  assert.equal((await from('203.0.113.8')).status, 200);
  assert.equal(await eventually(async () => ((await from('203.0.113.7')).status === 200 ? 'let in' : undefined), 'the wait to end'), 'let in');
});

secretsStayIn(pool);
