// The response cache against workerd's Cache API and against a real Redis, over a socket and over REST: kept, given again, cleared; and
// no harm where there is no cache at all.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { startCacheServer } from './support/cache_server.mjs';
import { eventually, secretsStayIn, wholePool } from './support/pool.mjs';
import { startRedis, startRestProxy } from './support/redis_server.mjs';

let cache;
before(async () => { cache = await startCacheServer(); });
const started = [];
after(async () => {
  await cache.stop();
  for (const each of started) await each.stop();
});
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

for (const way of ['a socket', 'REST']) {
  test(`in Redis, over ${way}, an answer is every isolate's, and cleared for all of them at once`, async () => {
    const redis = await startRedis();
    started.push(redis);
    let url = redis.url;
    if (way === 'REST') {
      const restToken = randomBytes(16).toString('hex');
      pool.secrets.push(restToken);
      started.push(await startRestProxy(redis.port, restToken));
      url = started.at(-1).url;
    }
    const variables = { ...pool.variables, RESPONSE_CACHE_STORE: 'redis', REDIS_URL: url };
    await pool.fresh(variables);
    const question = { messages: [{ role: 'user', content: 'grüße, 世界 \u0007 "😀"' }] };
    const keptAnswer = async () => (await redis.ask([['KEYS', 'edgepool:cache:answer:*']]))[0][0];
    const first = await pool.chat(question);
    assert.equal(first.headers.get('x-cache'), 'MISS');
    const key = await eventually(keptAnswer, 'the answer to be kept');
    const [life_ms, text] = await redis.ask([['PTTL', key], ['GET', key]]);
    assert.ok(life_ms > 0 && life_ms <= 300_000);
    for (const secret of pool.secrets) assert.ok(!key.includes(secret) && !text.includes(secret));

    await pool.restart(variables); // another isolate
    const second = await pool.chat(question);
    assert.equal(second.headers.get('x-cache'), 'HIT');
    assert.deepEqual(second.bytes, first.bytes);
    assert.equal(second.headers.get('content-type'), first.headers.get('content-type'));
    assert.equal(upstreamCalls(), 1);
    const stats = (await pool.admin('/admin/cache/stats')).json();
    assert.deepEqual([stats.store, stats.hits, stats.misses, stats.failures], ['redis', 1, 0, 0]);

    const cleared = (await pool.admin('/admin/cache/clear', {})).json();
    assert.deepEqual([cleared.success, /everywhere and at once/.test(cleared.message)], [true, true]);
    await pool.restart(variables);
    assert.equal((await pool.chat(question)).headers.get('x-cache'), 'MISS');

    await redis.stop();
    const without = await pool.chat(question);
    assert.deepEqual([without.status, without.headers.get('x-cache')], [200, 'MISS']);
    assert.equal((await pool.admin('/admin/cache/clear', {})).json().success, false);
  });
}

secretsStayIn(pool);
