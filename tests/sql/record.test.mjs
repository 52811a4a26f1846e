// pool_record: each figure where it belongs, once; verdicts by their time; budgets by the batch's day; whole or not at all.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { batch, failureOf, figures, hex, idOf, openDatabase } from './support.mjs';

let db;
let key;
let id;
const kHourMs = 3_600_000;

before(async () => { db = await openDatabase(); });
after(() => db.close());
beforeEach(async () => {
  key = `sk-test-${hex(16)}`;
  id = idOf(key);
  await db.call('pool_keys_add', { provider: 'ollama', keys: [{ key }] });
});

const record = (given) => db.call('pool_record', batch(given));
const keyRow = () => db.call('pool_keys_get', { provider: 'ollama', id });
const total = async () => BigInt((await db.call('pool_public_stats', { provider: 'ollama' })).total_requests);
const verdict = (given) => record({ verdicts: [{ id, at_ms: Date.now(), refusals: 0, ...given }] });

test('every figure lands in its place', async () => {
  const now = Date.now();
  const hash = hex(32);
  const model = `m-${hex(4)}`;
  await db.call('pool_tokens_create', { provider: 'ollama', hash, hint: 'h', name: 'n' });
  const before = await db.call('pool_admin_stats', { provider: 'ollama' });
  const row = figures({ requests: 7, success: 5, failure: '2', prompt: '9007199254740993', completion: 20, cached: 3, reasoning: 4, estimated: 1, cost_nano: '123456789' });
  const answer = await record({
    models: [{ model, hour_ms: now, ...row }, { model, hour_ms: now - 2 * kHourMs, ...row }],
    keys: [{ id, ...row, last_used_ms: now, last_success_ms: now - 5, last_failure_ms: now - 9, fails: 2, fails_reset: false }],
    tokens: [{ hash, ...row, last_used_ms: now }],
  });
  assert.equal(answer.applied, true);
  const wanted = { requests: '7', success: '5', failure: '2', prompt: '9007199254740993', completion: '20', cached: '3', reasoning: '4', estimated: '1', cost_nano: '123456789' };
  const stored = await keyRow();
  for (const [name, value] of Object.entries(wanted)) assert.equal(stored[name], value, `key ${name}`);
  assert.deepEqual([stored.last_used_ms, stored.last_success_ms, stored.last_failure_ms, stored.fails], [now, now - 5, now - 9, 2]);
  const [token] = (await db.call('pool_tokens_list', { provider: 'ollama', search: hash.slice(0, 12) })).tokens;
  for (const [name, value] of Object.entries(wanted)) assert.equal(token[name], value, `token ${name}`);
  const afterwards = await db.call('pool_admin_stats', { provider: 'ollama' });
  for (const name of ['success', 'failure', 'prompt', 'cached', 'cost_nano']) assert.equal(BigInt(afterwards[name]) - BigInt(before[name]), 2n * BigInt(wanted[name]), name);
  const [stats] = await db.sql`select * from ollama_api_model_stats where model = ${model}`;
  assert.deepEqual([stats.total_requests, stats.prompt_tokens, stats.cost_nano, stats.provider], ['14', '18014398509481986', '246913578', 'ollama']);
  const hours = await db.sql`select hour, requests::int as n from ollama_api_model_hourly where model = ${model} order by hour`;
  assert.deepEqual(hours.map((each) => [each.hour.getTime() % kHourMs, each.n]), [[0, 7], [0, 7]]);
  const [raw] = await db.sql`select success_rate::float as rate from ollama_api_key_stats where api_key = ${key}`;
  assert.equal(raw.rate, 71.43);
});

test('a batch sent again is not applied again, for its own provider', async () => {
  const before = await total();
  const sent = batch({ models: [{ model: 'twice', hour_ms: Date.now(), ...figures({ requests: 1, success: 1 }) }] });
  assert.equal((await db.call('pool_record', sent)).applied, true);
  assert.equal((await db.call('pool_record', sent)).applied, false);
  assert.equal((await db.call('pool_record', { ...sent, models: [] })).applied, false);
  assert.equal(await total(), before + 1n);
  assert.equal((await db.call('pool_record', { ...sent, provider: 'openrouter' })).applied, true);
});

test('a batch made twenty hours ago is refused unless its mark is still there', async () => {
  const before = await total();
  const model = { model: 'late', hour_ms: Date.now() - 20 * kHourMs, ...figures({ requests: 1, success: 1 }) };
  const failure = await failureOf(record({ at_ms: Date.now() - 20 * kHourMs - 5000, models: [model] }));
  assert.deepEqual([failure.code, failure.message], ['PT409', 'pool_batch_expired']);
  const sent = batch({ at_ms: Date.now() - 20 * kHourMs + 60_000, models: [model] });
  assert.equal((await db.call('pool_record', sent)).applied, true);
  assert.equal((await db.call('pool_record', { ...sent, at_ms: sent.at_ms - 2 * kHourMs })).applied, false);
  assert.equal(await total(), before + 1n);
});

test('the longest a batch may be sent again is shorter than its mark lives', async () => {
  const mark = 24 * kHourMs;
  const ahead = await failureOf(record({ at_ms: Date.now() + kHourMs + 5000 }));
  assert.match(ahead.detail, /at_ms/);
  assert.equal((await record({ at_ms: Date.now() + kHourMs - 5000 })).applied, true);
  assert.ok(20 * kHourMs + kHourMs < mark);
  const sent = batch({});
  await db.call('pool_record', sent);
  await db.sql`update edgepool.batches set applied_at = now() - interval '23 hours 59 minutes' where batch = ${sent.batch}`;
  await db.call('pool_prune', { days: 30 });
  assert.equal((await db.call('pool_record', sent)).applied, false);
});

test('marks older than a day go with later batches, without any cron', async () => {
  await db.sql`insert into edgepool.batches select gen_random_uuid(), 'ollama', now() - interval '25 hours', 1000 from generate_series(1, 30)`;
  const old = async () => (await db.sql`select count(*)::int as n from edgepool.batches where applied_at < now() - interval '1 day'`)[0].n;
  const before = await old();
  await record({});
  await record({});
  assert.ok(before >= 30);
  assert.equal(await old(), Math.max(0, before - 40));
});

test('failures in a row are added up, and start again after a success', async () => {
  const send = (rows) => record({ keys: rows.map(([fails, fails_reset]) => ({ id, ...figures({ requests: 1, failure: 1 }), last_used_ms: Date.now(), fails, fails_reset })) });
  await send([[2, false]]);
  await send([[3, false]]);
  assert.equal((await keyRow()).fails, 5);
  await send([[1, true]]);
  assert.equal((await keyRow()).fails, 1);
  await send([[4, false], [2, true], [3, false]]);
  assert.equal((await keyRow()).fails, 5, 'the rows of one batch count in their order');
  await send([[0, true]]);
  assert.equal((await keyRow()).fails, 0);
  await send([[2147483647, false], [2147483647, false]]);
  assert.equal((await keyRow()).fails, 2147483647, 'and stop at the column\'s end');
});

test('rows for what no longer exists are skipped, their figures still in the model and the total', async () => {
  const before = await total();
  const answer = await record({
    models: [{ model: 'gone', hour_ms: Date.now(), ...figures({ requests: 1, success: 1 }) }],
    keys: [{ id: '0123456789abcdef', ...figures({ requests: 1, success: 1 }), last_used_ms: Date.now(), fails: 0, fails_reset: true }],
    tokens: [{ hash: 'a'.repeat(64), ...figures({ requests: 1, success: 1 }), last_used_ms: Date.now() }],
    verdicts: [{ id: '0123456789abcdef', state: 'expired', at_ms: Date.now() }, { id: '0123456789abcdef', model: 'm', state: 'benched', until_ms: Date.now(), at_ms: Date.now() }],
  });
  assert.equal(answer.applied, true);
  assert.equal(await total(), before + 1n);
});

test('a verdict is taken when it is newer, whatever the order of arrival', async () => {
  const now = Date.now();
  await verdict({ state: 'benched', reason: 'usage_limit', until_ms: now + 60_000, at_ms: now - 1000, evidence: { status: 429, excerpt: 'slow' }, refusals: 1, ceiling: 2, quota: { remaining_percent: 3 } });
  let row = await keyRow();
  assert.deepEqual([row.status, row.reason, row.until_ms, row.state_ms, row.refusals, row.ceiling], ['failed', 'usage_limit', now + 60_000, now - 1000, 1, 2]);
  assert.deepEqual([row.evidence, row.quota], [{ status: 429, excerpt: 'slow' }, { remaining_percent: 3 }]);
  await verdict({ state: 'active', at_ms: now - 2000 });
  assert.equal((await keyRow()).status, 'failed', 'older');
  await verdict({ state: 'active', at_ms: now - 1000 });
  assert.equal((await keyRow()).status, 'failed', 'of the same moment');
  await verdict({ state: 'active', at_ms: now - 500 });
  row = await keyRow();
  assert.deepEqual([row.status, row.reason, row.until_ms, row.ceiling, row.quota], ['active', null, null, 2, { remaining_percent: 3 }], 'newer; no news of ceiling and quota leaves them');
  await verdict({ state: 'disabled', reason: 'refused_thrice', at_ms: now - 400, refusals: 3, ceiling: 0 });
  row = await keyRow();
  assert.deepEqual([row.status, row.refusals, row.ceiling, row.by_hand], ['disabled', 3, null, false]);
  await verdict({ state: 'active', at_ms: now - 300 });
  assert.equal((await keyRow()).status, 'active', 'what a verdict disabled a verdict may enable');
  await verdict({ state: 'expired', at_ms: now - 200 });
  assert.equal((await keyRow()).status, 'expired');
});

test('of several verdicts in one batch the newest is taken, and a clock ahead counts as now', async () => {
  const now = Date.now();
  await record({ verdicts: [{ id, state: 'expired', at_ms: now - 30 }, { id, state: 'benched', reason: 'newest', until_ms: now + 9e6, at_ms: now - 10 }, { id, state: 'disabled', at_ms: now - 20 }] });
  assert.equal((await keyRow()).reason, 'newest');
  await verdict({ state: 'active', at_ms: now + 86_400_000 });
  assert.ok((await keyRow()).state_ms <= Date.now() + 1000);
  const later = await db.call('pool_record', batch({ verdicts: [{ id, state: 'expired', at_ms: Date.now() + 86_400_000 }] }));
  assert.equal(later.applied, true);
  assert.equal((await keyRow()).status, 'expired');
});

test('a key disabled by hand is left alone by verdicts until its time ends', async () => {
  await db.call('pool_keys_set', { provider: 'ollama', ids: [id], status: 'disabled' });
  for (const state of ['active', 'expired', 'disabled']) await verdict({ state });
  await verdict({ state: 'benched', until_ms: Date.now() });
  let row = await keyRow();
  assert.deepEqual([row.status, row.reason, row.by_hand], ['disabled', 'by_hand', true]);
  await db.call('pool_keys_set', { provider: 'ollama', ids: [id], status: 'disabled', until_ms: Date.now() - 1000, reason: 'maintenance' });
  row = await keyRow();
  assert.deepEqual([row.status, row.reason], ['active', 'maintenance']);
  // Times are whole milliseconds: one later, or it might be taken for older than what was set by hand in the same one.
  await verdict({ state: 'benched', reason: 'r', until_ms: Date.now() + 60_000, at_ms: Date.now() + 1 });
  assert.deepEqual([(await keyRow()).status, (await keyRow()).reason], ['failed', 'r']);
});

test('a verdict on a model benches that pair alone, and enabling the key lifts it', async () => {
  const now = Date.now();
  await record({ verdicts: [{ id, model: 'big', state: 'benched', reason: 'not_included', until_ms: now + 60_000, at_ms: now - 100 },
    { id, model: 'big', state: 'benched', reason: 'older', until_ms: now + 90_000, at_ms: now - 200 }, { id, model: 'small', state: 'benched', until_ms: now + 1, at_ms: now - 100 }] });
  let row = await keyRow();
  assert.equal(row.status, 'active');
  assert.deepEqual(row.models.filter((each) => each.model === 'big'), [{ model: 'big', reason: 'not_included', until_ms: now + 60_000 }]);
  await record({ verdicts: [{ id, model: 'big', state: 'active', at_ms: now - 150 }] });
  assert.ok((await keyRow()).models.some((each) => each.model === 'big'), 'an older verdict lifts nothing');
  await record({ verdicts: [{ id, model: 'big', state: 'active', at_ms: now - 50 }] });
  assert.ok(!(await keyRow()).models.some((each) => each.model === 'big'));
  await record({ verdicts: [{ id, model: 'big', state: 'benched', until_ms: now + 60_000, at_ms: now - 75 }] });
  assert.ok(!(await keyRow()).models.some((each) => each.model === 'big'), 'a bench older than the lifting does not come back');
  await record({ verdicts: [{ id, model: 'big', state: 'benched', until_ms: now + 60_000, at_ms: now - 10 }] });
  const { models } = await db.call('pool_take', { provider: 'ollama', limit: 2000 });
  assert.ok(models.some((each) => each.id === id && each.model === 'big' && each.until_ms === now + 60_000));
  await db.call('pool_keys_set', { provider: 'ollama', ids: [id], status: 'active' });
  row = await keyRow();
  assert.deepEqual(row.models.filter((each) => each.model === 'big'), []);
});

test('a token\'s day and month follow the batch\'s time, and a late batch does not count today', async () => {
  const hash = hex(32);
  await db.call('pool_tokens_create', { provider: 'ollama', hash, hint: 'h', name: 'n', limits: { day_requests: 10 } });
  const send = (at_ms) => record({ at_ms, tokens: [{ hash, ...figures({ requests: 2, success: 2, prompt: 30, completion: 12, cost_nano: 7 }), last_used_ms: at_ms }] });
  const used = async () => (await db.call('pool_token', { provider: 'ollama', token_hash: hash })).token.used;
  await send(Date.now());
  await send(Date.now());
  let now = await used();
  assert.deepEqual([now.day_requests, now.day_tokens, now.day_cost_nano, now.month_requests, now.month_tokens, now.month_cost_nano], ['4', '84', '14', '4', '84', '14']);
  assert.equal(now.day_ms, Math.floor(Date.now() / 86_400_000) * 86_400_000);
  await db.sql`update ollama_api_client_tokens set used_day = used_day + 1, used_month = used_month + interval '1 month' where token_hash = ${hash}`;
  await send(Date.now());
  assert.equal((await db.sql`select day_requests::int as n from ollama_api_client_tokens where token_hash = ${hash}`)[0].n, 4, 'yesterday\'s batch');
  await db.sql`update ollama_api_client_tokens set used_day = used_day - 2, used_month = used_month - interval '2 months' where token_hash = ${hash}`;
  now = await used();
  assert.deepEqual([now.day_requests, now.month_requests], ['0', '0'], 'a new day begins at nothing');
  await send(Date.now());
  now = await used();
  assert.deepEqual([now.day_requests, now.day_tokens, now.month_requests, now.month_cost_nano], ['2', '42', '2', '7']);
});

test('one bad row and nothing of the batch is there, not even its mark', async () => {
  const before = await total();
  const good = { model: 'whole', hour_ms: Date.now(), ...figures({ requests: 1, success: 1 }) };
  const sent = batch({ models: [good, { ...good, failure: 5 }] });
  assert.deepEqual((await failureOf(db.call('pool_record', sent))).detail, 'models[1].requests: is not success + failure');
  assert.equal(await total(), before);
  assert.equal((await db.call('pool_record', { ...sent, models: [good] })).applied, true);
  assert.equal(await total(), before + 1n);
});

test('a total at the end of its column refuses the batch instead of wrapping', async () => {
  const requests = async () => (await db.call('pool_admin_stats', { provider: 'openrouter' })).total_requests;
  const before = await requests();
  await db.sql`update openrouter_api_global_stats set cost_nano = 9223372036854775000`;
  const sent = batch({ provider: 'openrouter', models: [{ model: 'end', hour_ms: Date.now(), ...figures({ requests: 1, success: 1, cost_nano: 10_000 }) }] });
  assert.equal((await failureOf(db.call('pool_record', sent))).code, '22003');
  assert.equal(await requests(), before);
  await db.sql`update openrouter_api_global_stats set cost_nano = 0`;
  assert.equal((await db.call('pool_record', sent)).applied, true);
});

test('the flush window grows with the isolates, so that all together flush thirty times a second', async () => {
  const windowFor = async (isolates, window) => {
    await db.sql`delete from edgepool.batches`;
    const seen = Math.round(isolates * 10_000 / window);
    await db.sql`insert into edgepool.batches select gen_random_uuid(), 'ollama', clock_timestamp() - random() * interval '5 seconds', ${window}::int from generate_series(1, ${seen}::int)`;
    return (await record({})).hint_ms;
  };
  assert.equal(await windowFor(0, 1000), 1000);
  assert.equal(await windowFor(30, 1000), 1000);
  assert.equal(await windowFor(150, 1000), 5000);
  assert.equal(await windowFor(150, 5000), 5000, 'and stays there');
  assert.equal(await windowFor(75, 5000), 2500, 'and shrinks again');
  assert.equal(await windowFor(4000, 1000), 20_000, 'twenty seconds at most');
  await windowFor(0, 1000);
  for (let begun = 0; begun < 60; begun++) await db.call('pool_take', { provider: 'openrouter', limit: 1 });
  // Sixty marks of ten seconds, its own, and the second of the batch that windowFor has sent.
  assert.equal((await db.call('pool_take', { provider: 'ollama', limit: 1 })).hint_ms, Math.floor((61 * 10_000 + 1000) / 300), 'isolates that have begun count at once');
  await db.sql`delete from edgepool.batches`;
  await record({ window_ms: 9000 });
  assert.equal((await db.sql`select hint_ms from edgepool.batches`)[0].hint_ms, 9000, 'a batch stands for its own window');
  await db.sql`delete from edgepool.batches`;
});
