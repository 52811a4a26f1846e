// The audit log: written by the transaction that does the deed, one entry for an operation of several calls, never a secret, gone in time.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { failureOf, hex, idOf, openDatabase } from './support.mjs';

let db;
before(async () => { db = await openDatabase(); });
after(() => db.close());

const provider = 'ollama';
const note = (action, more = {}) => ({ action, address: '203.0.113.7', request: hex(8), ...more });
const newest = async (count = 1) => (await db.call('pool_audit_list', { provider, page: 1, page_size: count })).entries;

test('adding, setting and removing keys is written down with ids and counts', async () => {
  const keys = ['sk-audit-00000000000001', 'sk-audit-00000000000002', 'sk-audit-00000000000003', 'sk-audit-00000000000004'];
  await db.call('pool_keys_add', { provider, keys: keys.map((key) => ({ key })), audit: note('keys.add') });
  const [added] = await newest();
  assert.deepEqual([added.action, added.affected, added.address, added.detail], ['keys.add', 4, '203.0.113.7', null]);
  assert.equal(added.target, `${keys.slice(0, 3).map(idOf).join(', ')}, ...`);
  assert.ok(Math.abs(added.at_ms - Date.now()) < 60_000);
  await db.call('pool_keys_set', { provider, ids: [idOf(keys[0])], status: 'disabled', audit: note('keys.disable', { detail: 'for a rest' }) });
  await db.call('pool_keys_remove', { provider, keys: [keys[1], 'sk-audit-of-nobody-0000'], audit: note('keys.remove') });
  const [removed, disabled] = await newest(2);
  assert.deepEqual([disabled.affected, disabled.target, disabled.detail], [1, idOf(keys[0]), 'for a rest']);
  assert.equal(removed.affected, 1);
  assert.ok(!JSON.stringify(await newest(100)).includes('sk-audit'));
});

test('what fails leaves no entry, and what brings no note leaves none either', async () => {
  const { total } = await db.call('pool_audit_list', { provider });
  await failureOf(db.call('pool_keys_add', { provider, keys: [{ key: 'two words' }], audit: note('keys.add') }));
  await failureOf(db.call('pool_keys_set', { provider, ids: [idOf('x')], status: 'gone', audit: note('keys.set') }));
  await db.call('pool_keys_add', { provider, keys: [{ key: 'sk-without-a-note-0000001' }] });
  assert.equal((await db.call('pool_audit_list', { provider })).total, total);
});

test('the calls of one request are one entry, whose counts add up', async () => {
  const audit = note('keys.import');
  for (let i = 0; i < 3; i++) await db.call('pool_keys_add', { provider, keys: [{ key: `sk-portion-${i}-00000000001` }, { key: `sk-portion-${i}-00000000002` }], audit });
  const { entries, total } = await db.call('pool_audit_list', { provider, page_size: 1 });
  assert.deepEqual([entries[0].action, entries[0].affected], ['keys.import', 6]);
  await db.call('pool_audit', { provider, affected: 5, audit: { ...audit, action: 'keys.export' } });
  assert.equal((await db.call('pool_audit_list', { provider })).total, total + 1);
});

test('a note that is none is refused by name', async () => {
  for (const [audit, member] of [[7, 'audit'], [{}, 'action'], [{ action: '' }, 'action'], [{ action: 'a', request: 'short' }, 'request'], [{ action: 'a', target: 7 }, 'target']]) {
    const failure = await failureOf(db.call('pool_audit', { provider, audit }));
    assert.deepEqual([failure.message, failure.detail], ['pool_bad_argument', member], JSON.stringify(audit));
  }
  assert.equal((await failureOf(db.call('pool_audit', { provider }))).detail, 'audit');
});

test('the log has pages, is a provider\'s own, and is kept for ninety days at least', async () => {
  for (let i = 0; i < 5; i++) await db.call('pool_audit', { provider: 'openrouter', audit: note('cache.clear', { target: `page ${i}` }) });
  const page = await db.call('pool_audit_list', { provider: 'openrouter', page: 2, page_size: 2 });
  assert.deepEqual([page.total, page.entries.map(({ target }) => target)], [5, ['page 2', 'page 1']]);
  await db.sql`update edgepool.audit set at = now() - interval '80 days' where target = 'page 0'`;
  await db.sql`update edgepool.audit set at = now() - interval '91 days' where target = 'page 1'`;
  assert.equal((await db.call('pool_prune', { provider: 'openrouter', days: 30 })).audit, 1);
  assert.equal((await db.call('pool_prune', { provider: 'openrouter', days: 400 })).audit, 0);
  assert.equal((await db.call('pool_audit_list', { provider: 'openrouter' })).total, 4);
});

test('keys that are added to be held are out of service, found by their reason, and let in like any other', async () => {
  const keys = ['sk-held-000000000000001', 'sk-held-000000000000002'];
  await db.call('pool_keys_add', { provider: 'openrouter', keys: [{ key: keys[0] }] });
  const held = { provider: 'openrouter', reason: 'awaiting_validation', limit: 10 };
  assert.deepEqual(await db.call('pool_keys_add', { provider: 'openrouter', keys: keys.map((key) => ({ key })), hold: 'awaiting_validation' }),
    { added: 1, existing: 1, duplicates: 0, ids: keys.map(idOf) });
  assert.deepEqual((await db.call('pool_keys_export', held)).keys.map(({ key, status, refusals }) => [key, status, refusals]), [[keys[1], 'disabled', 0]]);
  assert.equal((await db.call('pool_take', { provider: 'openrouter', limit: 10, start: '0000000000000000' })).usable, 1);
  await db.call('pool_keys_set', { provider: 'openrouter', keys: [keys[1]], status: 'active' });
  assert.deepEqual((await db.call('pool_keys_export', held)).keys, []);
  assert.equal((await db.call('pool_take', { provider: 'openrouter', limit: 10, start: '0000000000000000' })).usable, 2);
  const named = await db.call('pool_keys_export', { provider: 'openrouter', limit: 10, ids: [idOf(keys[0])] });
  assert.deepEqual(named.keys.map(({ id }) => id), [idOf(keys[0])]);
  assert.equal((await failureOf(db.call('pool_keys_export', { provider: 'openrouter', ids: ['x'] }))).detail, 'ids[0]');
});
