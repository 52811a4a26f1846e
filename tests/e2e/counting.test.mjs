// A thousand mixed requests at concurrency 32 while a third of the keys fail: every figure that the pool tells equals what the load
// program and the practice upstream have counted themselves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, idOf, kProviders, pause, secretsStayIn, sha256, wholePool } from './support/pool.mjs';

const kRequests = 1000;
const kConcurrency = 32;
const kSecondToken = 'client-second-of-the-load';

const pool = wholePool({ keys: 9 });
const zero = () => ({ requests: 0, success: 0, failure: 0, prompt: 0, completion: 0 });
const tallies = {};

function tally(provider, kind, name) {
  const tables = tallies[provider] ??= { total: new Map(), models: new Map(), tokens: new Map() };
  if (!tables[kind].has(name)) tables[kind].set(name, zero());
  return tables[kind].get(name);
}

function count(provider, model, token, success, usage) {
  for (const row of [tally(provider, 'total', ''), tally(provider, 'models', model), tally(provider, 'tokens', token)]) {
    row.requests++;
    row[success ? 'success' : 'failure']++;
    row.prompt += usage?.prompt_tokens ?? 0;
    row.completion += usage?.completion_tokens ?? 0;
  }
}

// What the upstream reported; a stream that broke reports nothing, so its tokens are estimated.
const reportedTokens = (row) => row.prompt_tokens + row.completion_tokens - row.estimated_tokens;

const messages = (i) => [{ role: 'user', content: 'word '.repeat(1 + (i % 5)) }];

// Each kind sends one request and counts what the client saw of it.
const kKinds = [
  async function whole(i, to) {
    const answer = await pool.chat({ model: to.model, messages: messages(i) }, to);
    assert.ok(answer.status === 200 || answer.status >= 500 || answer.status === 429, `${answer.status} ${answer.text}`);
    if (answer.headers.has('x-pool-attempts')) count(to.provider, to.model, to.token, answer.status === 200, answer.status === 200 && answer.json().usage);
  },
  async function streamed(i, to) {
    const answer = await pool.chat({ model: to.model, messages: messages(i), stream: true, stream_options: { include_usage: true } }, to);
    const ended = answer.status === 200 && answer.text.endsWith('data: [DONE]\n\n');
    const usage = ended ? /"usage":(\{.*\})\}\n\ndata: \[DONE\]/.exec(answer.text) : null;
    if (answer.headers.has('x-pool-attempts')) count(to.provider, to.model, to.token, ended, usage && JSON.parse(usage[1]));
  },
  async function refused(i, to) {
    const model = `practice-400`;
    const answer = await pool.chat({ model, messages: messages(i) }, to);
    assert.ok(answer.status === 400 || answer.status >= 500 || answer.status === 429, String(answer.status));
    if (answer.headers.has('x-pool-attempts')) count(to.provider, model, to.token, false);
  },
  async function broken(i, to) {
    const model = `practice-error-mid-stream`;
    const answer = await pool.chat({ model, messages: messages(i), stream: true }, to);
    if (answer.headers.has('x-pool-attempts')) count(to.provider, model, to.token, false);
  },
  async function faulty(i, to) {
    const answers = await Promise.all([
      pool.chat({}, { ...to, token: 'no such token' }),
      pool.ask('/v1/chat/completions', '{"model":', to),
      pool.ask('/v1/chat/completions', { messages: [] }, to),
      pool.ask('/v1/nothing', {}, to),
    ]);
    assert.deepEqual(answers.map((answer) => answer.status), [401, 400, 400, 404]);
  },
];
// How often each kind comes, in ten.
const kMix = [0, 0, 0, 0, 1, 1, 1, 2, 3, 4];

async function send(i) {
  const provider = kProviders[i % 3 === 0 ? 1 : 0];
  const token = i % 4 === 0 ? kSecondToken : pool.tokens[provider];
  await kKinds[kMix[i % 10]](i, { provider, token, model: `model-${i % 7}` });
}

test('a thousand mixed requests at concurrency 32 with a third of the keys failing are counted exactly', async () => {
  const faults = { ollama: ['401', '429_weekly', '500'], openrouter: ['402_credits', '429', '502'] };
  for (const provider of kProviders) {
    await pool.addToken(provider, kSecondToken, { name: 'second' });
    faults[provider].forEach((fault, i) => pool.upstream.faults.add({ fault, match: { provider, key: pool.keys[provider][i] } }));
  }
  for (const provider of kProviders) await kKinds[0](0, { provider, token: pool.tokens[provider], model: 'first' });
  let next = 0;
  await Promise.all(Array.from({ length: kConcurrency }, async () => {
    while (next < kRequests) await send(next++);
  }));

  for (const provider of kProviders) {
    const expected = tally(provider, 'total', '');
    assert.ok(expected.success > 150 && expected.failure > 30, JSON.stringify(expected));
    await eventually(async () => ((await pool.publicStats(provider)).global.totalRequests >= expected.requests ? true : undefined), 'all requests in the public figures');
  }
  // Had anything been counted twice, it would have arrived by now.
  await pause(2500);
});

for (const provider of kProviders) {
  test(`the totals of ${provider} are those of the load program`, async () => {
    const expected = tally(provider, 'total', '');
    const { global } = await pool.publicStats(provider);
    assert.deepEqual([global.totalRequests, global.successCount, global.failureCount], [expected.requests, expected.success, expected.failure]);
    const stats = (await pool.admin(`/admin/stats?provider=${provider}`)).json();
    assert.deepEqual([stats.total_requests, stats.success_count, stats.failure_count], [expected.requests, expected.success, expected.failure]);
    assert.equal(reportedTokens(stats), expected.prompt + expected.completion);
    assert.equal(stats.success_rate, (100 * expected.success / expected.requests).toFixed(2));
    assert.equal(stats.total_client_tokens, 2);
  });

  test(`the figures by model of ${provider} are those of the load program`, async () => {
    const expected = [...tallies[provider].models].map(([model, row]) => ({ model, requests: row.requests, success: row.success, failure: row.failure,
      successRate: (100 * row.success / row.requests).toFixed(2) }));
    const byModel = (rows) => rows.toSorted((a, b) => a.model.localeCompare(b.model));
    const stats = await pool.publicStats(provider);
    assert.deepEqual(byModel(stats.topModels), byModel(expected));
    assert.equal(stats.recentTopModels.length, 3);
    const most = expected.map((row) => row.requests).sort((a, b) => b - a).slice(0, 3);
    assert.deepEqual(stats.recentTopModels.map((row) => row.requests), most);
  });

  test(`the figures by hour of ${provider} add up to the total`, async () => {
    const { hourlyTrend } = await pool.publicStats(provider);
    const expected = tally(provider, 'total', '');
    const sum = (member) => hourlyTrend.reduce((total, row) => total + row[member], 0);
    assert.deepEqual([sum('requests'), sum('success'), sum('failure')], [expected.requests, expected.success, expected.failure]);
  });

  test(`the figures by client token of ${provider} are those of the load program`, async () => {
    const { tokens } = (await pool.admin(`/admin/tokens?provider=${provider}`)).json();
    assert.equal(tokens.length, 2);
    for (const [token, row] of tallies[provider].tokens) {
      const told = tokens.find(({ id }) => id === sha256(token));
      assert.deepEqual([told.total_requests, told.success_count, told.failure_count, reportedTokens(told)], [row.requests, row.success, row.failure, row.prompt + row.completion]);
      assert.equal(told.request_count, row.requests);
    }
  });

  test(`the figures by key of ${provider} are what the upstream has seen of each key`, async () => {
    const { api_keys: told } = (await pool.admin(`/admin/api-keys?provider=${provider}&pageSize=100`)).json();
    assert.equal(told.length, 9);
    const seen = pool.upstream.requests.counters().keys.filter((row) => row.provider === provider);
    for (const row of seen) {
      const { total_requests, success_count, failure_count } = told.find(({ id }) => id === idOf(row.key));
      const failed = row.refused + row.broken + row.aborted;
      assert.deepEqual([total_requests, success_count, failure_count], [row.requests, row.succeeded, failed], `key ${pool.keys[provider].indexOf(row.key)}`);
    }
    const idle = told.filter(({ id }) => !seen.some((row) => idOf(row.key) === id));
    for (const row of idle) assert.equal(row.total_requests, 0);
  });
}

test('the public figures have the contract\'s shape, field by field, and no secret in them', async () => {
  const response = await pool.ask('/admin/public-stats?provider=ollama', undefined, { token: null, headers: { origin: 'https://elsewhere.example' } });
  assert.equal(response.headers.get('access-control-allow-origin'), '*');
  const stats = response.json();
  const types = (value) => Object.fromEntries(Object.entries(value).map(([name, member]) => [name, Array.isArray(member) ? 'array' : typeof member]));
  assert.deepEqual(types(stats), { global: 'object', topModels: 'array', recentTopModels: 'array', hourlyTrend: 'array', storage: 'string', meta: 'object', timestamp: 'string' });
  assert.deepEqual(types(stats.global), { totalRequests: 'number', successCount: 'number', failureCount: 'number', successRate: 'string', lastUpdated: 'string',
    totalApiKeys: 'number', activeKeys: 'number', failedKeys: 'number', storage: 'string' });
  assert.deepEqual(types(stats.meta), { totalApiKeys: 'number', activeKeys: 'number', failedKeys: 'number', storage: 'string', generatedAt: 'string', successRate: 'number', provider: 'string' });
  for (const row of [...stats.topModels, ...stats.recentTopModels]) {
    assert.deepEqual(types(row), { model: 'string', requests: 'number', success: 'number', failure: 'number', successRate: 'string' });
    assert.match(row.successRate, /^\d+\.\d\d$/);
  }
  const kTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00$/;
  for (const time of [stats.global.lastUpdated, stats.meta.generatedAt, stats.timestamp]) assert.match(time, kTime);
  assert.match(stats.global.successRate, /^\d+\.\d\d$/);
  assert.equal(stats.meta.successRate, Number(stats.global.successRate));
  assert.deepEqual([stats.storage, stats.global.storage, stats.meta.storage, stats.meta.provider], ['postgres', 'postgres', 'postgres', 'ollama']);
  assert.equal(stats.global.totalApiKeys, 9);
  assert.equal(stats.global.activeKeys + stats.global.failedKeys, 9);
  assert.ok(!JSON.stringify(stats).includes('practice-0'));
});

test('the trend has exactly 24 hours, oldest first, the last one the current hour', async () => {
  const { hourlyTrend } = await pool.publicStats();
  assert.equal(hourlyTrend.length, 24);
  const starts = hourlyTrend.map((row) => Date.parse(row.hourStart));
  for (let i = 1; i < 24; ++i) assert.equal(starts[i] - starts[i - 1], 3_600_000);
  const behind_ms = Date.now() - starts.at(-1);
  assert.ok(behind_ms >= 0 && behind_ms < 3_600_000 + 60_000, String(behind_ms));
  for (const row of hourlyTrend) {
    assert.match(row.hourStart, /^\d{4}-\d\d-\d\dT\d\d:00:00Z$/);
    const label = new Date(Date.parse(row.hourStart) + 8 * 3_600_000).toISOString().slice(11, 16);
    assert.equal(row.hour, label);
    assert.equal(row.requests, row.success + row.failure);
  }
});

test('an unknown provider is refused, never taken for another', async () => {
  assert.equal((await pool.ask('/admin/public-stats?provider=nobody')).status, 400);
  assert.equal((await pool.admin('/admin/stats?provider=nobody')).status, 400);
});

secretsStayIn(pool);
