// The answers' shapes as docs/DATABASE-API.md has them, through PostgREST on PostgreSQL: every member, its type, nothing else.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { batch, figures, hex, idOf, sha256, startServer } from './support.mjs';

const kNames = ['requests', 'success', 'failure', 'prompt', 'completion', 'cached', 'reasoning', 'estimated', 'cost_nano'];
const kFigures = Object.fromEntries(kNames.map((name) => [name, 'figure']));
const kKeyRow = {
  id: 'hex16', masked: 'text', username: 'text?', status: 'text', reason: 'text?', until_ms: 'ms?', created_ms: 'ms?', expires_ms: 'ms?', fails: 'int',
  refusals: 'int', evidence: 'any', quota: 'any', ceiling: 'int?', state_ms: 'ms?', by_hand: 'bool', ...kFigures, last_used_ms: 'ms?', last_success_ms: 'ms?',
  last_failure_ms: 'ms?', models: [{ model: 'text', reason: 'text?', until_ms: 'ms' }],
};
const kUsed = { day_ms: 'ms', day_requests: 'figure', day_tokens: 'figure', day_cost_nano: 'figure', month_ms: 'ms', month_requests: 'figure', month_tokens: 'figure', month_cost_nano: 'figure' };
const kToken = { hash: 'hex64', name: 'text?', disabled: 'bool', expires_ms: 'ms?', limits: 'any', used: kUsed };
const kModel = { model: 'text', requests: 'figure', success: 'figure', failure: 'figure' };
const kBench = { id: 'hex16', model: 'text', reason: 'text?', until_ms: 'ms' };

const kChecks = {
  int: (v) => Number.isSafeInteger(v) && v >= 0, ms: (v) => Number.isSafeInteger(v) && v >= 0, bool: (v) => typeof v === 'boolean', text: (v) => typeof v === 'string',
  figure: (v) => typeof v === 'string' && /^\d+$/.test(v), hex16: (v) => /^[0-9a-f]{16}$/.test(v), hex64: (v) => /^[0-9a-f]{64}$/.test(v), any: () => true,
};

function fits(value, shape, path = 'answer') {
  if (typeof shape === 'string') {
    const optional = shape.endsWith('?');
    assert.ok((optional && value === null) || kChecks[shape.replace('?', '')](value), `${path} = ${JSON.stringify(value)} is not ${shape}`);
  } else if (Array.isArray(shape)) {
    assert.ok(Array.isArray(value), path);
    assert.ok(value.length > 0, `${path} has nothing to look at`);
    value.forEach((each, n) => fits(each, shape[0], `${path}[${n}]`));
  } else {
    assert.deepEqual(Object.keys(value).sort(), Object.keys(shape).sort(), path);
    for (const [name, inner] of Object.entries(shape)) fits(value[name], inner, `${path}.${name}`);
  }
}

let call;
let send;
const provider = 'openrouter';
const keys = ['sk-or-v1-shape-000000000001', 'sk-or-v1-shape-000000000002', 'short'];
const hash = sha256('the token');
let since;

before(async () => {
  ({ call, send } = await startServer());
  since = (await call('pool_take', { provider, limit: 10, start: '0000000000000000' })).next_since_ms;
  await call('pool_keys_add', { provider, keys: [{ key: keys[0], username: 'ann', expires_ms: Date.now() + 1e9 }, { key: keys[1] }, { key: keys[2] }] });
  await call('pool_tokens_create', { provider, hash, hint: 'ep-...1', name: 'laptop', expires_ms: Date.now() + 1e9, limits: { rpm: 60 } });
  const now = Date.now();
  const row = figures({ requests: 3, success: 2, failure: 1, prompt: 10, completion: 5, cost_nano: '99' });
  await call('pool_record', batch({ provider, models: [{ model: 'm', hour_ms: now, ...row }],
    keys: [{ id: idOf(keys[0]), ...row, last_used_ms: now, last_success_ms: now, last_failure_ms: now, fails: 1, fails_reset: true }], tokens: [{ hash, ...row, last_used_ms: now }],
    verdicts: [{ id: idOf(keys[1]), state: 'benched', reason: 'rate_limited', until_ms: now + 60_000, at_ms: now, evidence: { status: 429 }, refusals: 1, ceiling: 3, quota: { left: 1 } },
      { id: idOf(keys[0]), model: 'm', state: 'benched', reason: 'not_included', until_ms: now + 60_000, at_ms: now }] }));
});

test('pool_version', async () => {
  fits(await call('pool_version', {}), { version: 'int', housekeeping: 'any', providers: { ollama: { tables: 'text' }, openrouter: { tables: 'text' } } });
});

test('pool_take, with a token and without', async () => {
  const answer = await call('pool_take', { provider, limit: 10, start: '0000000000000000', token_hash: hash });
  fits(answer, { now_ms: 'ms', next_since_ms: 'ms', hint_ms: 'int', total: 'int', usable: 'int', next_ms: 'ms', token: kToken, models: [kBench],
    keys: [{ id: 'hex16', key: 'text', state: 'text', refusals: 'int', fails: 'int', quota: 'any', ceiling: 'int?', reason: 'text?', expires_ms: 'ms?' }] });
  assert.deepEqual([answer.total, answer.usable, answer.keys.length, answer.token.used.day_requests, answer.token.used.day_tokens], [3, 2, 2, '3', '15']);
  assert.equal((await call('pool_take', { provider, limit: 1, start: 'ffffffffffffffff' })).token, null);
  assert.equal((await call('pool_take', { provider, limit: 1, start: 'ffffffffffffffff', token_hash: 'f'.repeat(64) })).token, null);
});

test('pool_token', async () => {
  fits(await call('pool_token', { provider, token_hash: hash }), { now_ms: 'ms', token: kToken });
  assert.equal((await call('pool_token', { provider: 'ollama', token_hash: hash })).token, null, 'a token of one provider is no token of another');
});

test('pool_changes', async () => {
  await call('pool_keys_remove', { provider, keys: ['short'] });
  fits(await call('pool_changes', { provider, since_ms: since, limit: 100 }), { now_ms: 'ms', next_since_ms: 'ms', total: 'int', usable: 'int', next_ms: 'ms?', more: 'bool', more_tokens: 'bool',
    keys: [{ id: 'hex16', status: 'text', usable: 'bool', state: 'text?', reason: 'text?', until_ms: 'ms?', at_ms: 'ms', expires_ms: 'ms?', refusals: 'int', fails: 'int', quota: 'any', ceiling: 'int?', key: 'text?' }],
    gone: ['hex16'], models: [{ ...kBench, at_ms: 'ms' }], tokens: [{ hash: 'hex64' }] });
});

test('pool_record, applied and repeated', async () => {
  const sent = batch({ provider, tokens: [{ hash, ...figures({ requests: 0, success: 0, failure: 0 }), last_used_ms: 1 }] });
  const shape = { applied: 'bool', hint_ms: 'int', now_ms: 'ms', tokens: [{ hash: 'hex64', used: kUsed }] };
  const first = await call('pool_record', sent);
  fits(first, shape);
  const second = await call('pool_record', sent);
  fits(second, shape);
  assert.deepEqual([first.applied, second.applied], [true, false]);
});

test('pool_public_stats names no key, user or token', async () => {
  const answer = await call('pool_public_stats', { provider, offset_minutes: 480 });
  fits(answer, { now_ms: 'ms', total_requests: 'figure', success: 'figure', failure: 'figure', updated_ms: 'ms', total_keys: 'int', active_keys: 'int', failed_keys: 'int',
    top_models: [kModel], recent_models: [kModel], hours: [{ start_ms: 'ms', requests: 'figure', success: 'figure', failure: 'figure' }] });
  const text = JSON.stringify(answer);
  for (const secret of [...keys, ...keys.map(idOf), 'ann', 'laptop', hash]) assert.ok(!text.includes(`"${secret}`), secret);
  const empty = await call('pool_public_stats', { provider: 'ollama' });
  assert.deepEqual([empty.total_requests, empty.top_models, empty.hours.length], ['0', [], 24]);
});

test('pool_trends, and the note of the housekeeping', async () => {
  const figuresOverTime = { ...kFigures, latency_ms: 'figure', latency_count: 'figure' };
  for (const window of ['24h', '30d']) {
    fits(await call('pool_trends', { provider, window, offset_minutes: 480 }), { now_ms: 'ms', totals: figuresOverTime,
      rows: [{ start_ms: 'ms', ...figuresOverTime }], models: [{ model: 'text', ...figuresOverTime }] });
  }
  fits(await call('pool_note', { name: 'housekeeping', content: { a: 1 } }), { at_ms: 'ms' });
  fits((await call('pool_version', {})).housekeeping, { at_ms: 'ms', content: { a: 'int' } });
});

test('pool_admin_stats', async () => {
  const { requests: _, ...figuresOfAll } = kFigures;
  fits(await call('pool_admin_stats', { provider }), { total_keys: 'int', active_keys: 'int', failed_keys: 'int', disabled_keys: 'int', expired_keys: 'int', total_tokens: 'int',
    total_requests: 'figure', ...figuresOfAll });
});

test('pool_keys_list and pool_keys_get show a masked key', async () => {
  const answer = await call('pool_keys_list', { provider, page: 1, page_size: 10, search: idOf(keys[0]) });
  fits(answer, { total: 'int', keys: [kKeyRow] });
  assert.equal(answer.keys[0].masked, 'sk-or-...0001');
  const { models: _, ...plain } = kKeyRow;
  const row = await call('pool_keys_get', { provider, key: keys[1] });
  fits({ ...row, models: undefined }, { ...plain, models: 'any' });
  assert.deepEqual([row.status, row.reason, row.evidence, row.quota, row.ceiling], ['failed', 'rate_limited', { status: 429 }, { left: 1 }, 3]);
  assert.equal((await call('pool_keys_get', { provider, id: '00000000' })), null);
});

test('pool_keys_add counts new, existing and repeated keys, and names them all', async () => {
  const again = { provider: 'ollama', keys: [{ key: 'k-one' }, { key: 'k-two', username: 'b' }, { key: 'k-one' }, { key: 'k-one' }] };
  fits(await call('pool_keys_add', again), { added: 'int', existing: 'int', duplicates: 'int', ids: ['hex16'] });
  assert.deepEqual(await call('pool_keys_add', { ...again, keys: [...again.keys, { key: 'k-three' }] }),
    { added: 1, existing: 2, duplicates: 2, ids: ['k-one', 'k-two', 'k-one', 'k-one', 'k-three'].map(idOf) });
  assert.equal((await call('pool_keys_list', { provider: 'ollama', search: idOf('k-three') })).keys[0].masked, 'k-...');
});

test('pool_keys_set, pool_keys_remove and pool_keys_export', async () => {
  await call('pool_keys_add', { provider: 'ollama', keys: [{ key: 'k-set' }, { key: 'k-set-2' }] });
  assert.deepEqual(await call('pool_keys_set', { provider: 'ollama', ids: [idOf('k-set')], keys: ['k-set-2', 'k-none'], status: 'disabled', until_ms: Date.now() + 9e6 }), { changed: 2 });
  assert.deepEqual(await call('pool_keys_set', { provider: 'ollama', keys: ['k-set'], status: 'active' }), { changed: 1 });
  const page = await call('pool_keys_export', { provider: 'ollama', limit: 1 });
  fits(page, { keys: [{ id: 'hex16', key: 'text', username: 'text?', status: 'text', reason: 'text?', refusals: 'int', created_ms: 'ms', expires_ms: 'ms?' }], next: 'hex16' });
  assert.deepEqual(await call('pool_keys_remove', { provider: 'ollama', ids: [idOf('k-set'), '0123456789abcdef'], keys: ['k-set-2', 'k-set'] }), { removed: 2 });
  assert.deepEqual(await call('pool_keys_remove', { provider: 'ollama' }), { removed: 0 });
});

test('pool_tokens_list, _create, _set, _rotate and _remove', async () => {
  fits(await call('pool_tokens_list', { provider, page: 1, page_size: 10, search: 'lap' }),
    { total: 'int', tokens: [{ hash: 'hex64', name: 'text?', hint: 'text?', created_ms: 'ms', expires_ms: 'ms?', disabled: 'bool', ...kFigures, last_used_ms: 'ms?', limits: 'any', used: kUsed, old_until_ms: 'ms?' }] });
  const token = hex(32);
  assert.deepEqual(await call('pool_tokens_create', { provider, hash: token, hint: 'h', name: 'n' }), { created: true });
  assert.deepEqual(await call('pool_tokens_create', { provider, hash: token, hint: 'h', name: 'n' }), { created: false });
  const expires_ms = Date.now() + 1000;
  const state = async () => (await call('pool_token', { provider, token_hash: token })).token;
  assert.deepEqual(await call('pool_tokens_set', { provider, hash: token, disabled: true, expires_ms, limits: { rpm: 1 }, name: 'renamed' }), { changed: 1 });
  let now = await state();
  assert.deepEqual([now.disabled, now.expires_ms, now.limits, now.name], [true, expires_ms, { rpm: 1 }, 'renamed']);
  await call('pool_tokens_set', { provider, hash: token, disabled: false });
  now = await state();
  assert.deepEqual([now.disabled, now.expires_ms, now.limits, now.name], [false, expires_ms, { rpm: 1 }, 'renamed'], 'what is not said stays');
  await call('pool_tokens_set', { provider, hash: token, expires_ms: 0, limits: {} });
  now = await state();
  assert.deepEqual([now.expires_ms, now.limits, now.used], [null, null, null]);
  assert.deepEqual(await call('pool_tokens_set', { provider, hash: hex(32), disabled: true }), { changed: 0 });
  const rotated = await call('pool_tokens_rotate', { provider, hash: token, secret_hash: hex(32), hint: 'h2', grace_ms: 1000 });
  fits(rotated, { rotated: 'bool', hash: 'hex64', name: 'text', old_until_ms: 'ms' });
  assert.deepEqual(await call('pool_tokens_rotate', { provider, hash: hex(32), secret_hash: hex(32), grace_ms: 0 }), { rotated: false, hash: null, name: null, old_until_ms: null });
  assert.deepEqual(await call('pool_tokens_remove', { provider, hash: token }), { removed: 1 });
  assert.deepEqual(await call('pool_tokens_remove', { provider, name: 'no such name' }), { removed: 0 });
});

test('pool_prune', async () => {
  fits(await call('pool_prune', { days: 30 }), { hourly: 'int', batches: 'int', tombstones: 'int', audit: 'int' });
});

test('pool_audit and pool_audit_list', async () => {
  assert.deepEqual(await call('pool_audit', { provider, affected: 3, audit: { action: 'keys.export', target: 'all', detail: 'csv', address: '2001:db8::1', request: hex(8) } }), { noted: true });
  await call('pool_audit', { provider, audit: { action: 'cache.clear' } });
  fits(await call('pool_audit_list', { provider, page: 1, page_size: 10 }), { total: 'int',
    entries: [{ at_ms: 'ms', action: 'text', target: 'text?', affected: 'int', detail: 'text?', address: 'text?' }] });
});

test('an answer is one JSON value of its own type', async () => {
  const answer = await send('pool_version', {});
  assert.equal(answer.status, 200);
  assert.match(answer.type, /^application\/json/);
});

test('pool_metrics, pool_reconcile and pool_reconciled', async () => {
  const { requests: _, ...figuresOfAll } = kFigures;
  await call('pool_record', batch({ provider, refusals: [{ kind: 'bad_json', count: 2 }] }));
  fits(await call('pool_metrics', { provider }), { now_ms: 'ms', total_keys: 'int', active_keys: 'int', failed_keys: 'int', disabled_keys: 'int', expired_keys: 'int', total_tokens: 'int',
    total_requests: 'figure', ...figuresOfAll, models: [{ model: 'text', ...kFigures, latency_ms: 'figure', latency_count: 'figure' }], refusals: [{ kind: 'text', count: 'figure' }] });
  fits(await call('pool_reconcile', { provider, rows: [{ id: idOf(keys[0]), used_nano: '5' }] }), { recorded: 'int' });
  fits(await call('pool_reconciled', { provider }), { at_ms: 'ms', total: 'int', rows: [{ id: 'hex16', username: 'text?', ours_nano: 'figure', theirs_nano: 'figure', drift_nano: 'figure', since_ms: 'ms', at_ms: 'ms' }] });
});
