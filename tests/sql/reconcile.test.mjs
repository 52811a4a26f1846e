// pool_reconcile: only what both sides counted since the first comparison is compared, and a figure that falls begins anew.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { batch, failureOf, figures, hex, idOf, openDatabase } from './support.mjs';

let db;
const provider = 'openrouter';

before(async () => { db = await openDatabase(); });
after(() => db.close());

async function newKey() {
  const key = `sk-or-${hex(16)}`;
  await db.call('pool_keys_add', { provider, keys: [{ key, username: 'ann' }] });
  return idOf(key);
}

const compare = (id, used_nano) => db.call('pool_reconcile', { provider, rows: [{ id, used_nano }] });
const spend = (id, cost_nano) => db.call('pool_record', batch({ provider, keys: [{ id, ...figures({ requests: 1, success: 1, cost_nano }), last_used_ms: Date.now() }] }));
const rowOf = async (id) => (await db.call('pool_reconciled', { provider })).rows.find((row) => row.id === id);
const amounts = async (id) => {
  const { ours_nano, theirs_nano, drift_nano } = await rowOf(id);
  return [ours_nano, theirs_nano, drift_nano];
};

test('what a key cost before it was first compared is left out on both sides', async () => {
  const id = await newKey();
  await spend(id, 500);
  assert.deepEqual(await compare(id, '9000000000000000'), { recorded: 1 });
  assert.deepEqual(await amounts(id), ['0', '0', '0']);
  await spend(id, 70);
  await compare(id, '9000000000000100');
  assert.deepEqual(await amounts(id), ['70', '100', '30']);
});

test('a key that was never used is compared from nothing on', async () => {
  const id = await newKey();
  await compare(id, 40);
  await spend(id, 25);
  await compare(id, 60);
  assert.deepEqual(await amounts(id), ['25', '20', '-5']);
});

test('what is counted after a comparison waits for the next one', async () => {
  const id = await newKey();
  await compare(id, 0);
  await spend(id, 10);
  assert.deepEqual(await amounts(id), ['0', '0', '0']);
  await compare(id, 10);
  assert.deepEqual(await amounts(id), ['10', '10', '0']);
});

test('a figure of theirs that falls is a new base', async () => {
  const id = await newKey();
  await compare(id, 1000);
  await spend(id, 10);
  await compare(id, 5);
  assert.deepEqual(await amounts(id), ['0', '0', '0']);
  await spend(id, 3);
  await compare(id, 8);
  assert.deepEqual(await amounts(id), ['3', '3', '0']);
});

test('the widest drift comes first, unknown keys are skipped, bad rows are refused by name', async () => {
  const [narrow, wide] = [await newKey(), await newKey()];
  for (const id of [narrow, wide]) await compare(id, 0);
  await compare(narrow, 10);
  await compare(wide, 10_000);
  const { rows, total, at_ms } = await db.call('pool_reconciled', { provider, limit: 1 });
  assert.deepEqual([rows.length, rows[0].id, rows[0].username, total >= 2, at_ms >= rows[0].since_ms], [1, wide, 'ann', true, true]);
  assert.deepEqual(await compare('0123456789abcdef', 1), { recorded: 0 });
  assert.match((await failureOf(compare(narrow, -1))).detail, /rows\[0\]\.used_nano/);
  assert.deepEqual(await db.call('pool_reconciled', { provider: 'ollama' }), { at_ms: null, total: 0, rows: [] });
});
