// The response cache against workerd's Cache API: kept, given again, cleared; and no harm where there is no cache at all.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startCacheServer } from './support/cache_server.mjs';
import { eventually, secretsStayIn, wholePool } from './support/pool.mjs';

let cache;
before(async () => { cache = await startCacheServer(); });
after(() => cache.stop());
const pool = wholePool({ variables: { RESPONSE_CACHE: 'true' } });

const upstreamCalls = () => pool.upstream.requests.list().length;

test('without a cache behind it every request is a miss, and answered all the same', async () => {
  for (let i = 0; i < 2; i++) {
    const answer = await pool.chat();
    assert.deepEqual([answer.status, answer.headers.get('x-cache')], [200, 'MISS']);
  }
  const stats = (await pool.admin('/admin/cache/stats')).json();
  assert.deepEqual([stats.enabled, stats.hits, stats.misses], [true, 0, 2]);
  assert.ok(stats.failures >= 2);
});

test('an answer is kept, given again byte for byte without a key, and void once the cache is cleared', async () => {
  await pool.fresh({ ...pool.variables, cacheAddress: cache.address });
  const first = await pool.chat();
  assert.equal(first.headers.get('x-cache'), 'MISS');
  await eventually(() => (cache.entries.size > 0 ? true : undefined), 'the answer to be kept');
  const calls = upstreamCalls();
  const second = await pool.chat();
  assert.equal(second.headers.get('x-cache'), 'HIT');
  assert.deepEqual(second.bytes, first.bytes);
  assert.equal(second.headers.get('content-type'), first.headers.get('content-type'));
  assert.equal(second.headers.get('x-pool-key'), null);
  assert.equal(upstreamCalls(), calls);
  const asked = await pool.chat({}, { headers: { 'cache-control': 'no-cache' } });
  assert.equal(asked.headers.get('x-cache'), 'MISS');

  assert.equal((await pool.admin('/admin/cache/clear', {})).json().success, true);
  assert.equal((await pool.chat()).headers.get('x-cache'), 'MISS');
  assert.equal((await pool.admin('/admin/cache/stats')).json().hits, 1);
});

test('neither token nor key stands in what the cache is given', () => {
  for (const [url, entry] of cache.entries) {
    for (const secret of pool.secrets) assert.ok(!url.includes(secret) && !entry.includes(secret));
  }
  assert.ok(cache.entries.size >= 2);
});

secretsStayIn(pool);
