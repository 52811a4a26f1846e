// pool_metrics: figures that only rise; refusals counted by kind, once a batch, apart from requests.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { batch, failureOf, figures, openDatabase } from './support.mjs';

let db;

before(async () => { db = await openDatabase(); });
after(() => db.close());

const metrics = (provider = 'ollama') => db.call('pool_metrics', { provider });
const refuse = (refusals, more = {}) => db.call('pool_record', batch({ refusals, ...more }));

test('refusals add up by kind and provider, exactly, and a batch sent again adds nothing', async () => {
  const sent = batch({ refusals: [{ kind: 'bad_json', count: 3 }, { kind: 'invalid_token', count: '9007199254740993' }, { kind: 'bad_json', count: 2 }] });
  assert.equal((await db.call('pool_record', sent)).applied, true);
  assert.equal((await db.call('pool_record', sent)).applied, false);
  await refuse([{ kind: 'bad_json', count: 1 }], { provider: 'openrouter' });
  await refuse([{ kind: 'invalid_token', count: 1 }]);
  assert.deepEqual((await metrics()).refusals, [{ kind: 'bad_json', count: '5' }, { kind: 'invalid_token', count: '9007199254740994' }]);
  assert.deepEqual((await metrics('openrouter')).refusals, [{ kind: 'bad_json', count: '1' }]);
  assert.equal((await metrics()).total_requests, '0', 'a refusal is no request');
});

test('a refusal without a kind or with a count that is none is refused by name', async () => {
  for (const bad of [{ kind: 'x', count: -1 }, { kind: 'x' }, { count: 1 }, { kind: 'a\nb', count: 1 }]) {
    const failure = await failureOf(refuse([{ kind: 'good', count: 1 }, bad]));
    assert.deepEqual([failure.code, failure.message], ['PT400', 'pool_bad_argument']);
    assert.match(failure.detail, /^refusals\[1\]\.(kind|count)$/);
  }
  assert.ok(!(await metrics()).refusals.some((row) => row.kind === 'good'));
});

test('the models most asked for come with their all-time figures, twenty at most', async () => {
  const hour_ms = Date.now();
  const models = Array.from({ length: 22 }, (_, n) => ({ model: `m${String(n).padStart(2, '0')}`, hour_ms, ...figures({ requests: n + 1, success: n + 1, cost_nano: 7 }), latency_ms: 100 * n, latency_count: n + 1 }));
  await db.call('pool_record', batch({ models }));
  await db.call('pool_record', batch({ models: [{ ...models[21], hour_ms: hour_ms - 40 * 24 * 3_600_000 }] }));
  const answer = await metrics();
  assert.equal(answer.models.length, 20);
  const [first] = answer.models;
  assert.deepEqual([first.model, first.requests, first.cost_nano, first.latency_ms, first.latency_count], ['m21', '44', '14', '4200', '44']);
  await db.call('pool_prune', { days: 30 });
  assert.deepEqual((await metrics()).models[0], first, 'pruning the hours takes nothing from them');
});

test('keys are counted by state', async () => {
  await db.call('pool_keys_add', { provider: 'ollama', keys: [{ key: 'k-1' }, { key: 'k-2' }, { key: 'k-3', expires_ms: 1000 }] });
  await db.call('pool_keys_set', { provider: 'ollama', keys: ['k-1'], status: 'disabled' });
  const { total_keys, active_keys, disabled_keys, expired_keys, failed_keys } = await metrics();
  assert.deepEqual([total_keys, active_keys, disabled_keys, expired_keys, failed_keys], [3, 1, 1, 1, 0]);
});
