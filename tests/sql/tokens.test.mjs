// Client tokens in the database: rotation with an overlap. What the worker's flows make of it is in tests/flow.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { openDatabase } from './support.mjs';

const hex = () => randomBytes(32).toString('hex');
const provider = 'ollama';
const kGrace_ms = 3_600_000;
let db;
before(async () => { db = await openDatabase(); });
after(() => db.close());

const look = async (token_hash) => (await db.call('pool_token', { provider, token_hash })).token;
const rotate = (hash, secret_hash, grace_ms = kGrace_ms) => db.call('pool_tokens_rotate', { provider, hash, secret_hash, hint: 'ep-...new', grace_ms });
const make = async (members = {}) => {
  const hash = hex();
  await db.call('pool_tokens_create', { provider, hash, hint: 'ep-...old', name: 'laptop', ...members });
  return hash;
};

test('after a rotation both secrets find the token, the old one until its grace ends', async () => {
  const [hash, fresh] = [await make({ limits: { daily_requests: 9 } }), hex()];
  const answer = await rotate(hash, fresh);
  assert.deepEqual([answer.rotated, answer.hash, answer.name], [true, hash, 'laptop']);
  const [byNew, byOld] = [await look(fresh), await look(hash)];
  assert.deepEqual([byNew.hash, byNew.expires_ms, byNew.limits], [hash, null, { daily_requests: 9 }]);
  assert.deepEqual([byOld.hash, byOld.expires_ms], [hash, answer.old_until_ms]);
  assert.ok(Math.abs(answer.old_until_ms - Date.now() - kGrace_ms) < 60_000);
  await db.sql`update ollama_api_client_tokens set old_until = now() - interval '1 second' where token_hash = ${hash}`;
  assert.equal(await look(hash), null);
  assert.equal((await look(fresh)).hash, hash);
  assert.equal((await db.call('pool_take', { provider, limit: 1, token_hash: fresh })).token.hash, hash);
});

test('a token that ends before the grace does ends then', async () => {
  const expires_ms = Date.now() + 60_000;
  const [hash, fresh] = [await make({ expires_ms }), hex()];
  await rotate(hash, fresh);
  assert.deepEqual([(await look(hash)).expires_ms, (await look(fresh)).expires_ms], [expires_ms, expires_ms]);
});

test('a second rotation ends the first secret at once, and grace 0 the second', async () => {
  const [hash, second, third] = [await make(), hex(), hex()];
  await rotate(hash, second);
  await rotate(second, third, 0);
  assert.deepEqual([await look(hash), await look(second), (await look(third)).hash], [null, null, hash]);
});

test('usage is recorded under the token\'s own hash whichever secret was used', async () => {
  const [hash, fresh] = [await make({ limits: { daily_requests: 9 } }), hex()];
  await rotate(hash, fresh);
  const row = { hash, requests: 1, success: 1, failure: 0, prompt: 3, completion: 4, last_used_ms: Date.now() };
  await db.call('pool_record', { provider, batch: randomBytes(16).toString('hex'), at_ms: Date.now(), models: [], keys: [], verdicts: [], tokens: [row] });
  assert.deepEqual([(await look(fresh)).used.day_requests, (await look(fresh)).used.day_tokens], ['1', '7']);
  const [listed] = (await db.call('pool_tokens_list', { provider, search: hash })).tokens;
  assert.deepEqual([listed.used.day_requests, listed.hint, typeof listed.old_until_ms], ['1', 'ep-...new', 'number']);
});

test('a rotated token is told as changed, and is changed and removed by any hash that is valid for it', async () => {
  const [hash, fresh] = [await make(), hex()];
  const since_ms = (await db.call('pool_changes', { provider, since_ms: 0 })).next_since_ms;
  await rotate(hash, fresh);
  assert.ok((await db.call('pool_changes', { provider, since_ms })).tokens.some((token) => token.hash === hash));
  assert.deepEqual(await db.call('pool_tokens_set', { provider, hash: fresh, name: 'renamed' }), { changed: 1 });
  assert.equal((await look(hash)).name, 'renamed');
  assert.deepEqual(await db.call('pool_tokens_remove', { provider, hash: fresh }), { removed: 1 });
  assert.deepEqual([await look(hash), await look(fresh)], [null, null]);
});

test('a secret that is in use is not given to another token', async () => {
  const [one, other] = [await make(), await make()];
  await assert.rejects(rotate(one, other), (error) => error.code === 'PT409');
  assert.equal((await look(other)).hash, other);
});

test('a token of the older deployment, stored as it is, can be rotated', async () => {
  await db.sql`insert into ollama_api_client_tokens (token, name) values ('plain-old-token', 'old')`;
  const [{ token_hash: hash }] = await db.sql`select token_hash from ollama_api_client_tokens where token = 'plain-old-token'`;
  const fresh = hex();
  assert.equal((await rotate(hash, fresh, 0)).rotated, true);
  assert.deepEqual([await look(hash), (await look(fresh)).name], [null, 'old']);
});

test('a batch is answered with what its tokens with limits have used, itself included, once however often it is sent', async () => {
  const [limited, free] = [await make({ limits: { daily_requests: 9 } }), await make()];
  const figures = { requests: 2, success: 2, failure: 0, prompt: 30, completion: 12 };
  const sent = { provider, batch: randomBytes(16).toString('hex'), at_ms: Date.now(), models: [], keys: [], verdicts: [],
    tokens: [limited, free].map((hash) => ({ hash, ...figures, last_used_ms: Date.now() })) };
  for (const applied of [true, false]) {
    const answer = await db.call('pool_record', sent);
    assert.equal(answer.applied, applied);
    assert.deepEqual(answer.tokens.map(({ hash, used }) => [hash, used.day_requests, used.month_tokens]), [[limited, '2', '42']]);
    assert.deepEqual(answer.tokens[0].used, (await look(limited)).used);
  }
});
