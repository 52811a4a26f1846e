// pool_trends: every hour in its row, days of the zone asked for, empty ones as zeros. pool_note: the last word counts.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { batch, failureOf, figures, openDatabase } from './support.mjs';

let db;
const kHourMs = 3_600_000;
const thisHour = () => Math.floor(Date.now() / kHourMs) * kHourMs;

before(async () => { db = await openDatabase(); });
after(() => db.close());

const trends = (more = {}) => db.call('pool_trends', { provider: 'ollama', window: '24h', ...more });
const record = (model, hour_ms, row) => db.call('pool_record', batch({ models: [{ model, hour_ms, ...figures(row) }] }));
const names = ['requests', 'success', 'failure', 'prompt', 'completion', 'cached', 'reasoning', 'estimated', 'cost_nano', 'latency_ms', 'latency_count'];
const zeros = Object.fromEntries(names.map((name) => [name, '0']));

test('a provider without a request has rows of zeros, the last one the current hour or day', async () => {
  const day = await trends({ provider: 'openrouter' });
  assert.deepEqual(day.rows, Array.from({ length: 24 }, (_, n) => ({ ...zeros, start_ms: thisHour() - (23 - n) * kHourMs })));
  assert.deepEqual([day.totals, day.models], [zeros, []]);
  const month = await trends({ provider: 'openrouter', window: '30d' });
  const today = Math.floor(Date.now() / (24 * kHourMs)) * 24 * kHourMs;
  assert.deepEqual(month.rows.map((row) => row.start_ms), Array.from({ length: 30 }, (_, n) => today - (29 - n) * 24 * kHourMs));
});

test('every figure lands in its hour, exactly, and in the totals', async () => {
  const row = { requests: 5, success: 4, failure: 1, prompt: '9007199254740993', completion: 3, cached: 2, reasoning: 1, estimated: 7, cost_nano: '9999999999999999', latency_ms: 2345, latency_count: 4 };
  await record('a', thisHour(), row);
  await record('a', thisHour(), row);
  await record('b', thisHour() - 23 * kHourMs, { requests: 1, success: 1, latency_ms: 10, latency_count: 1 });
  await record('b', thisHour() - 24 * kHourMs, { requests: 8, failure: 8 });
  const { rows, totals, models } = await trends();
  const doubled = { requests: '10', success: '8', failure: '2', prompt: '18014398509481986', completion: '6', cached: '4', reasoning: '2', estimated: '14', cost_nano: '19999999999999998', latency_ms: '4690', latency_count: '8' };
  assert.deepEqual(rows.at(-1), { ...doubled, start_ms: thisHour() });
  assert.deepEqual([rows[0].requests, rows[0].latency_ms, rows[1].requests], ['1', '10', '0']);
  assert.deepEqual([totals.requests, totals.success, totals.latency_ms, totals.latency_count], ['11', '9', '4700', '9']);
  assert.deepEqual(models.map((each) => [each.model, each.requests]), [['a', '10'], ['b', '1']]);
  const month = await trends({ window: '30d' });
  assert.equal(month.totals.requests, '19', 'the hour before yesterday is in the month');
});

test('ten models at most, by requests', async () => {
  await db.call('pool_record', batch({ models: Array.from({ length: 12 }, (_, n) => ({ model: `many-${n}`, hour_ms: thisHour(), ...figures({ requests: 100 + n, success: 100 + n }) })) }));
  const { models } = await trends();
  assert.deepEqual(models.map((each) => each.model), Array.from({ length: 10 }, (_, n) => `many-${11 - n}`));
});

test('days begin at the first whole hour at or after midnight of the zone', async () => {
  const startOf = async (offset_minutes) => new Date((await trends({ window: '30d', offset_minutes })).rows.at(-1).start_ms).toISOString().slice(11, 16);
  assert.equal(await startOf(480), '16:00');
  assert.equal(await startOf(330), '19:00');
  assert.equal(await startOf(-210), '04:00');
  assert.equal(await startOf(0), '00:00');
  for (const offset_minutes of [840, -720, 480]) {
    const { rows } = await trends({ window: '30d', offset_minutes });
    assert.ok(rows.at(-1).start_ms <= Date.now() && rows.at(-1).start_ms > Date.now() - 24 * kHourMs, `the last row is today at ${offset_minutes}`);
  }
});

test('another window or a zone that is none is refused by name', async () => {
  for (const [bad, named] of [[{ window: '7d' }, /^window/], [{ window: null }, /^window/], [{ offset_minutes: 'x' }, /^offset_minutes/], [{ offset_minutes: 99999 }, /^offset_minutes/]]) {
    const failure = await failureOf(trends(bad));
    assert.deepEqual([failure.code, failure.message], ['PT400', 'pool_bad_argument']);
    assert.match(failure.detail, named);
  }
});

test('a latency count that is no count is refused', async () => {
  const failure = await failureOf(record('a', thisHour(), { requests: 1, success: 1, latency_ms: -1 }));
  assert.match(failure.detail, /models\[0\]\.latency_ms/);
});

test('the housekeeping\'s note is told by pool_version, the last one only', async () => {
  assert.equal((await db.call('pool_version', {})).housekeeping, null);
  await db.call('pool_note', { name: 'housekeeping', content: { n: 1 } });
  const { at_ms } = await db.call('pool_note', { name: 'housekeeping', content: { n: 2 } });
  const { housekeeping } = await db.call('pool_version', {});
  assert.deepEqual(housekeeping.content, { n: 2 });
  assert.ok(Math.abs(housekeeping.at_ms - at_ms) < 60_000);
});
