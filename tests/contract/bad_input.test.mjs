// Bad input through PostgREST: a clear error with a stable code, and nothing of the call done.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { batch, figures, hex, idOf, startServer } from './support.mjs';

let call;
let send;
const provider = 'ollama';
const hash = hex(32);
before(async () => { ({ call, send } = await startServer()); });

async function refused(name, argument, status, message, detail) {
  const before = await call('pool_admin_stats', { provider });
  const answer = await send(name, argument);
  const what = `${name} ${JSON.stringify(argument).slice(0, 200)} -> ${answer.status} ${answer.text}`;
  assert.equal(answer.status, status, what);
  const body = answer.json();
  assert.equal(body.code, `PT${status}`, what);
  assert.equal(body.message, message, what);
  if (detail !== undefined) assert.ok(body.details === detail || body.details.startsWith(`${detail}:`), what);
  assert.deepEqual(await call('pool_admin_stats', { provider }), before);
  return body;
}

test('an unknown provider is named as such, by every function that takes one', async () => {
  for (const name of ['pool_take', 'pool_token', 'pool_changes', 'pool_record', 'pool_public_stats', 'pool_admin_stats', 'pool_keys_list', 'pool_keys_get', 'pool_keys_add',
    'pool_keys_remove', 'pool_keys_set', 'pool_keys_export', 'pool_tokens_list', 'pool_tokens_create', 'pool_tokens_remove', 'pool_tokens_set', 'pool_tokens_rotate', 'pool_audit', 'pool_audit_list']) {
    await refused(name, { provider: 'nobody' }, 400, 'pool_unknown_provider');
    await refused(name, {}, 400, 'pool_bad_argument', 'provider');
  }
  await refused('pool_prune', { provider: 'nobody', days: 1 }, 400, 'pool_unknown_provider');
});

test('a body that is no object of arguments is refused', async () => {
  for (const body of ['{"p": null}', '{"p": []}', '{"p": 7}', '{"p": true}']) {
    const answer = await send('pool_take', null, { body });
    assert.deepEqual([answer.status, answer.json().message], [400, 'pool_bad_argument'], body);
  }
  for (const body of ['', '{', '{"p": {"provider": "ollama"}', 'p=1']) assert.equal((await send('pool_take', null, { body })).status, 400, body);
});

test('scalars of the wrong type or out of range are named', async () => {
  const cases = [
    ['pool_take', { limit: 0 }, 'limit'], ['pool_take', { limit: 2001 }, 'limit'], ['pool_take', { limit: 'many' }, 'limit'], ['pool_take', { limit: -1 }, 'limit'], ['pool_take', { limit: 1.5 }, 'limit'],
    ['pool_take', { start: 'xyz' }, 'start'], ['pool_take', { start: 'ABCDEF0123456789' }, 'start'], ['pool_take', { token_hash: 'abc' }, 'token_hash'], ['pool_take', { token_hash: 5 }, 'token_hash'],
    ['pool_token', {}, 'token_hash'], ['pool_changes', {}, 'since_ms'], ['pool_changes', { since_ms: -1 }, 'since_ms'], ['pool_changes', { since_ms: 253402300800000 }, 'since_ms'],
    ['pool_changes', { since_ms: 0, limit: 10001 }, 'limit'], ['pool_record', { at_ms: Date.now() }, 'batch'], ['pool_record', { batch: 'xyz', at_ms: Date.now() }, 'batch'],
    ['pool_record', { batch: hex(16) }, 'at_ms'], ['pool_record', { batch: hex(16), at_ms: 'now' }, 'at_ms'], ['pool_record', { batch: hex(16), at_ms: Date.now() + 4e6 }, 'at_ms'],
    ['pool_public_stats', { offset_minutes: 'x' }, 'offset_minutes'], ['pool_prune', {}, 'days'], ['pool_prune', { days: 0 }, 'days'], ['pool_prune', { days: -5 }, 'days'],
    ['pool_keys_list', { page: 0 }, 'page'], ['pool_keys_list', { page_size: 1001 }, 'page_size'], ['pool_keys_list', { status: 'odd' }, 'status'], ['pool_keys_list', { sort: 'id; drop' }, 'sort'],
    ['pool_keys_list', { search: 'a\nb' }, 'search'], ['pool_keys_list', { search: 'x'.repeat(257) }, 'search'], ['pool_keys_get', { id: 'zz' }, 'id'],
    ['pool_keys_set', { ids: [] }, 'status'], ['pool_keys_set', { ids: [], status: 'failed' }, 'status'], ['pool_keys_set', { ids: ['x'], status: 'active' }, 'ids[0]'],
    ['pool_keys_set', { ids: [], status: 'disabled', until_ms: 1e17 }, 'until_ms'], ['pool_keys_remove', { ids: 'all' }, 'ids'], ['pool_keys_remove', { keys: ['a', 5] }, 'keys[1]'],
    ['pool_keys_export', { after: '%' }, 'after'], ['pool_keys_export', { limit: 10001 }, 'limit'], ['pool_tokens_create', { hash: 'short' }, 'hash'],
    ['pool_tokens_create', { hash, name: 'a\tb' }, 'name'], ['pool_tokens_create', { hash, limits: [] }, 'limits'], ['pool_tokens_create', { hash, expires_ms: '2030' + '0'.repeat(20) }, 'expires_ms'],
    ['pool_tokens_set', { hash, disabled: 'yes' }, 'disabled'], ['pool_tokens_rotate', { hash, secret_hash: 'x', grace_ms: 0 }, 'secret_hash'],
    ['pool_tokens_rotate', { hash, secret_hash: hash.replace(/^./, 'f') }, 'grace_ms'], ['pool_tokens_rotate', { hash, secret_hash: hash.replace(/^./, 'f'), grace_ms: 2592000001 }, undefined], ['pool_tokens_remove', {}, undefined], ['pool_tokens_remove', { hash, name: 'both' }, undefined],
  ];
  for (const [name, given, detail] of cases) await refused(name, { provider, ...given }, 400, 'pool_bad_argument', detail);
});

test('a malformed row is named by list, place and member', async () => {
  const now = Date.now();
  const model = { model: 'm', hour_ms: now, ...figures({ requests: 1, success: 1 }) };
  const key = { id: idOf('k'), ...figures({ requests: 1, success: 1 }), last_used_ms: now, fails: 0, fails_reset: true };
  const token = { hash, ...figures({ requests: 1, success: 1 }), last_used_ms: now };
  const verdict = { id: idOf('k'), state: 'benched', until_ms: now + 1, at_ms: now };
  const cases = [
    [{ models: {} }, 'models'], [{ models: 'x' }, 'models'], [{ models: [model, null] }, 'models[1].requests'], [{ models: [model, 7] }, 'models[1].requests'], [{ models: [{ ...model, model: '' }] }, 'models[0].model'],
    [{ models: [{ ...model, model: 5 }] }, 'models[0].model'], [{ models: [{ ...model, requests: -1 }] }, 'models[0].requests'], [{ models: [{ ...model, success: -1, failure: 2 }] }, 'models[0].success'],
    [{ models: [{ ...model, prompt: -7 }] }, 'models[0].prompt'], [{ models: [{ ...model, cost_nano: '-7' }] }, 'models[0].cost_nano'], [{ models: [{ ...model, cost_nano: 1.5 }] }, 'models[0].cost_nano'],
    [{ models: [{ ...model, cost_nano: '12345678901234567' }] }, 'models[0].cost_nano'], [{ models: [{ ...model, requests: 2 }] }, 'models[0].requests'], [{ models: [{ ...model, hour_ms: now + 3 * 3_600_000 }] }, 'models[0].hour_ms'],
    [{ models: [{ ...model, hour_ms: 1e18 }] }, 'models[0].hour_ms'], [{ models: [{ ...model, hour_ms: 'soon' }] }, 'models[0].hour_ms'],
    [{ keys: [key, { ...key, id: 'K' }] }, 'keys[1].id'], [{ keys: [{ ...key, fails: -1 }] }, 'keys[0].fails'], [{ keys: [{ ...key, fails: 2147483648 }] }, 'keys[0].fails'], [{ keys: [{ ...key, fails_reset: 1 }] }, 'keys[0].fails_reset'],
    [{ keys: [{ ...key, last_used_ms: null }] }, 'keys[0].last_used_ms'], [{ keys: [{ ...key, last_success_ms: 1e17 }] }, 'keys[0].last_success_ms'], [{ tokens: [{ ...token, hash: 'h' }] }, 'tokens[0].hash'],
    [{ tokens: [{ ...token, failure: '1' }] }, 'tokens[0].requests'], [{ verdicts: [{ ...verdict, state: 'dead' }] }, 'verdicts[0].state'], [{ verdicts: [{ ...verdict, until_ms: null }] }, 'verdicts[0].until_ms'],
    [{ verdicts: [{ ...verdict, model: 'm', state: 'disabled' }] }, 'verdicts[0].state'], [{ verdicts: [{ ...verdict, at_ms: undefined }] }, 'verdicts[0].at_ms'], [{ verdicts: [{ ...verdict, quota: 'half' }] }, 'verdicts[0].quota'],
    [{ verdicts: [{ ...verdict, evidence: 'x'.repeat(70_000) }] }, 'verdicts[0].evidence'],
  ];
  for (const [given, detail] of cases) await refused('pool_record', { models: [model], ...batch(given) }, 400, 'pool_bad_argument', detail);
  for (const [bad, detail] of [[{}, 'keys[1].key'], [{ key: '' }, 'keys[1].key'], [{ key: 'a b' }, 'keys[1].key'], [{ key: 'ключ' }, 'keys[1].key'], [{ key: 'x'.repeat(513) }, 'keys[1].key'],
    [{ key: 'k', username: 'x'.repeat(257) }, 'keys[1].username'], [{ key: 'k', expires_ms: -1 }, 'keys[1].expires_ms'], ['sk-plain', 'keys[1].key']]) {
    await refused('pool_keys_add', { provider, keys: [{ key: 'good' }, bad] }, 400, 'pool_bad_argument', detail);
  }
});

test('NUL is refused whole, and bytes that are no UTF-8 never reach a key', async () => {
  const before = await call('pool_admin_stats', { provider });
  const nul = await send('pool_record', batch({ models: [{ model: 'a\u0000b', hour_ms: Date.now(), ...figures({ requests: 1, success: 1 }) }] }));
  assert.deepEqual([nul.status, nul.json().code], [400, '22P05']);
  const bytes = Buffer.concat([Buffer.from('{"p":{"provider":"ollama","keys":[{"key":"sk-'), Buffer.from([0xff, 0xfe]), Buffer.from('"}]}}')]);
  const answer = await send('pool_keys_add', null, { body: bytes });
  assert.equal(answer.status, 400);
  const surrogate = await send('pool_keys_add', null, { body: '{"p":{"provider":"ollama","keys":[{"key":"k","username":"\\ud800"}]}}' });
  assert.equal(surrogate.status, 400);
  assert.deepEqual(await call('pool_admin_stats', { provider }), before);
});

test('ten thousand rows are a call, one more is too large', async () => {
  const now = Date.now();
  const models = Array.from({ length: 5000 }, (_, n) => ({ model: `huge-${n}`, hour_ms: now, ...figures({ requests: 2, success: 1, failure: 1, prompt: 3 }) }));
  const keys = Array.from({ length: 5000 }, () => ({ id: hex(8), ...figures({ requests: 1, success: 1 }), last_used_ms: now, fails: 0, fails_reset: true }));
  await refused('pool_record', batch({ models, keys: [...keys, keys[0]] }), 413, 'pool_too_large');
  await refused('pool_record', batch({ keys: [...keys, ...keys, keys[0]] }), 413, 'pool_too_large');
  assert.equal((await call('pool_record', batch({ models, keys }))).applied, true);
  assert.equal((await call('pool_admin_stats', { provider })).total_requests, '10000');
  const many = Array.from({ length: 10_000 }, () => ({ key: `sk-${hex(20)}` }));
  await refused('pool_keys_add', { provider, keys: [...many, { key: 'one-more' }] }, 413, 'pool_too_large');
  assert.equal((await call('pool_keys_add', { provider, keys: many })).added, 10_000);
  const ids = many.map((row) => idOf(row.key));
  await refused('pool_keys_remove', { provider, ids, keys: ['x'] }, 413, 'pool_too_large');
  assert.equal((await call('pool_keys_set', { provider, ids, status: 'disabled' })).changed, 10_000);
  assert.equal((await call('pool_keys_remove', { provider, ids })).removed, 10_000);
});

test('empty batches and lists are fine', async () => {
  for (const given of [{}, { models: [], keys: [], tokens: [], verdicts: [] }, { models: null, keys: null }]) assert.equal((await call('pool_record', batch(given))).applied, true);
  assert.deepEqual(await call('pool_keys_add', { provider, keys: [] }), { added: 0, existing: 0, duplicates: 0, ids: [] });
  assert.deepEqual(await call('pool_keys_set', { provider, status: 'active' }), { changed: 0 });
});

test('names with quotes, odd scripts and long models are kept as they are, or cut, never refused', async () => {
  const now = Date.now();
  const names = ["o'model", 'a"b', '模型/大', '{keys}', '%I', '\\', 'x'.repeat(5000)];
  await call('pool_record', batch({ models: names.map((model) => ({ model, hour_ms: now, ...figures({ requests: 1e6, success: 1e6 }) })) }));
  const top = (await call('pool_public_stats', { provider })).top_models.map((row) => row.model);
  for (const name of names) assert.ok(top.includes(name.slice(0, 200)), name.slice(0, 20));
});

test('two different keys with the same id are a conflict', async () => {
  const { server, call: ask, send: post } = await startServer();
  await server.sql("select public.pool_create_provider('narrow')");
  await server.sql(`alter table narrow_api_keys drop column id cascade;
    alter table narrow_api_keys add column id text collate "C" generated always as (left(encode(sha256(decode(replace(api_key, '\\', '\\\\'), 'escape')), 'hex'), 1)) stored;
    create unique index on narrow_api_keys (id)`);
  const answer = await post('pool_keys_add', { provider: 'narrow', keys: Array.from({ length: 17 }, (_, n) => ({ key: `k${n}` })) });
  assert.deepEqual([answer.status, answer.json().code, answer.json().message], [409, 'PT409', 'pool_conflict']);
  assert.equal((await ask('pool_admin_stats', { provider: 'narrow' })).total_keys, 0);
});

test('errors hold no key and no token', async () => {
  const secret = 'sk-never-to-be-seen-in-an-error';
  for (const [name, given] of [['pool_keys_add', { keys: [{ key: `${secret} x` }] }], ['pool_keys_remove', { keys: [secret, 5] }], ['pool_keys_get', { id: secret }], ['pool_keys_set', { keys: [secret], status: secret }],
    ['pool_token', { token_hash: secret }], ['pool_keys_list', { sort: secret }], ['pool_take', { start: secret }]]) {
    const answer = await send(name, { provider, ...given });
    assert.equal(answer.status, 400);
    assert.ok(!answer.text.includes(secret), name);
  }
});
