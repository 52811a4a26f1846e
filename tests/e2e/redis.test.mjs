// Redis as it is: Debian's redis-server over a socket, with a password, with TLS, behind a REST interface like Upstash's, and killed in the middle.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, test } from 'node:test';
import { eventually, pause, secretsStayIn, sha256, wholePool } from './support/pool.mjs';
import { startRedis, startRestProxy } from './support/redis_server.mjs';

const pool = wholePool({ keys: 2 });
const started = [];
after(async () => { for (const each of started) await each.stop(); });
const redisOf = async (options) => {
  const redis = await startRedis(options);
  started.push(redis);
  return redis;
};
const token = async (limits) => {
  const made = `client-${randomBytes(12).toString('hex')}`;
  pool.secrets.push(made);
  await pool.addToken('ollama', made, { limits });
  return made;
};
const statuses = async (count, options) => {
  const list = [];
  for (let i = 0; i < count; ++i) list.push((await pool.chat({}, options)).status);
  return list;
};
const health = async () => (await pool.ask('/health', undefined, { token: null })).json().redis;

test('two isolates count a token\'s rate together, and keep no secret in Redis', async () => {
  const redis = await redisOf();
  await pool.fresh({ REDIS_URL: redis.url });
  const client = await token({ requests_per_minute: 3 });
  assert.deepEqual(await statuses(2, { token: client }), [200, 200]);
  await pool.restart({ REDIS_URL: redis.url }); // another isolate
  assert.deepEqual(await statuses(2, { token: client }), [200, 429]);
  const [keys] = await redis.ask([['KEYS', '*']]);
  assert.ok(keys.some((key) => key.startsWith(`edgepool:rate:rpm:ollama:${sha256(client)}:`)));
  for (const key of keys) {
    const [life_ms] = await redis.ask([['PTTL', key]]);
    assert.ok(life_ms > 0 && life_ms <= 70_000, key);
    for (const secret of pool.secrets) assert.ok(!key.includes(secret));
  }
  assert.deepEqual(await health(), { configured: true, reachable: true });
});

test('a Redis that is killed is carried on without, and found again when it is back', async () => {
  const redis = await redisOf();
  await pool.fresh({ REDIS_URL: redis.url });
  const client = await token({ requests_per_minute: 100 });
  assert.deepEqual(await statuses(2, { token: client }), [200, 200]);
  await redis.stop();
  assert.deepEqual(await statuses(5, { token: client }), [200, 200, 200, 200, 200]);
  await eventually(async () => ((await health()).reachable === false ? true : undefined), 'that Redis is away');
  assert.match(pool.worker.output(), /redis_lost/);
  await redisOf({ port: redis.port });
  await pause(10_500); // nobody asks before that
  assert.deepEqual(await statuses(1, { token: client }), [200]);
  await eventually(async () => ((await health()).reachable === true ? true : undefined), 'that Redis is back');
});

test('a password is sent, and one that is refused is as if there were no Redis', async () => {
  const password = randomBytes(8).toString('hex');
  const redis = await redisOf({ password });
  pool.secrets.push(password);
  await pool.fresh({ REDIS_URL: redis.url });
  const client = await token({ requests_per_minute: 1 });
  assert.deepEqual(await statuses(2, { token: client }), [200, 429]);
  assert.equal((await health()).reachable, true);
  await pool.fresh({ REDIS_URL: redis.url.replace(password, 'wrong') });
  assert.deepEqual(await statuses(1, { token: await token({ requests_per_minute: 5 }) }), [200]);
  assert.equal((await health()).reachable, false);
});

test('over TLS it does the same, where its certificate is of an authority that is trusted', async () => {
  const password = randomBytes(8).toString('hex');
  pool.secrets.push(password);
  const redis = await redisOf({ password, hasTls: true });
  assert.match(redis.url, /^rediss:/);
  const variables = { REDIS_URL: redis.url, trustedCertificate: redis.authority };
  await pool.fresh(variables);
  const client = await token({ requests_per_minute: 3 });
  assert.deepEqual(await statuses(2, { token: client }), [200, 200]);
  await pool.restart(variables);
  assert.deepEqual(await statuses(2, { token: client }), [200, 429]);
  assert.deepEqual(await health(), { configured: true, reachable: true });
});

test('a Redis whose certificate nobody vouches for, or that is asked without TLS, is as if it were away: nobody is refused for that', async () => {
  const redis = await redisOf({ hasTls: true });
  for (const url of [redis.url, redis.url.replace('rediss:', 'redis:')]) {
    await pool.fresh({ REDIS_URL: url });
    assert.deepEqual(await statuses(3, { token: await token({ requests_per_minute: 100 }) }), [200, 200, 200]);
    assert.deepEqual(await health(), { configured: true, reachable: false });
    assert.match(pool.worker.output(), /redis_lost/);
  }
  assert.deepEqual(await redis.ask([['KEYS', '*']]), [[]]);
});

test('the REST interface of Upstash does the same', async () => {
  const redis = await redisOf();
  const restToken = randomBytes(16).toString('hex');
  pool.secrets.push(restToken);
  const proxy = await startRestProxy(redis.port, restToken);
  started.push(proxy);
  await pool.fresh({ REDIS_URL: proxy.url });
  const client = await token({ requests_per_minute: 2 });
  assert.deepEqual(await statuses(1, { token: client }), [200]);
  await pool.restart({ REDIS_URL: proxy.url });
  assert.deepEqual(await statuses(2, { token: client }), [200, 429]);
  assert.ok(proxy.asked() >= 3);
  assert.deepEqual(await health(), { configured: true, reachable: true });
});

test('everybody\'s rate holds over isolates', async () => {
  const redis = await redisOf();
  const variables = { REDIS_URL: redis.url, ENABLE_RATE_LIMIT: 'true', RATE_LIMIT_REQUESTS: '3' };
  await pool.fresh(variables);
  assert.deepEqual(await statuses(2), [200, 200]);
  await pool.restart(variables);
  assert.deepEqual(await statuses(2), [200, 429]);
});

secretsStayIn(pool);
