// What an operator watches, through real workerd and a real database: metrics, trends, settings, and the log's lines.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMetrics } from './support/metrics_format.mjs';
import { eventually, secretsStayIn, wholePool } from './support/pool.mjs';

const kMetricsToken = 'scrape-7f3a9c1d55';
const pool = wholePool({ variables: { METRICS_TOKEN: kMetricsToken, LOG_CLIENT_ADDRESS: 'true' } });
pool.secrets.push(kMetricsToken);

const metrics = async () => readMetrics((await pool.ask('/metrics', undefined, { token: kMetricsToken })).text);

test('the reader of metrics is strict', () => {
  const good = '# HELP a_total A.\n# TYPE a_total counter\na_total{x="1\\n\\"\\\\"} 1\n';
  assert.equal(readMetrics(good).get('a_total{x="1\\n\\"\\\\"}'), '1');
  for (const bad of ['a_total 1\n', '# TYPE a counter\na 1\n', '# TYPE a_total counter\na_total{x="\\t"} 1\n', '# TYPE a_total counter\na_total{x="1} 1\n',
    '# TYPE a_total counter\na_total 1\na_total 2\n', '# TYPE a_total counter\nb_total 1\n', '# TYPE a gauge\na 1', '# TYPE a gauge\na 0x1\n',
    '# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# TYPE a gauge\na{x="1"} 1\n', '# TYPE a gauge\na 1\n# HELP a A.\n', '# TYPE a gauge\na{x="1",x="2"} 1\n']) {
    assert.throws(() => readMetrics(bad), undefined, bad);
  }
});

test('metrics are valid text for Prometheus and hold every request and refusal exactly, hostile model names included', async () => {
  const hostile = 'm"} 1 edgepool_requests_total{x="\\';
  for (let n = 0; n < 3; n++) assert.equal((await pool.chat()).status, 200);
  assert.equal((await pool.chat({ model: hostile })).status, 200);
  assert.equal((await pool.ask('/v1/chat/completions', '{"model":')).status, 400);
  assert.equal((await pool.ask('/v1/chat/completions', '{}', { token: 'no-such-token' })).status, 401);
  const found = await metrics();
  assert.equal(found.get('edgepool_requests_total{provider="ollama",outcome="success"}'), '4');
  assert.equal(found.get('edgepool_requests_total{provider="openrouter",outcome="success"}'), '0');
  assert.equal(found.get('edgepool_model_requests_total{provider="ollama",model="gpt-oss:20b",outcome="success"}'), '3');
  assert.equal(found.get('edgepool_refusals_total{provider="ollama",code="bad_json"}'), '1');
  assert.equal(found.get('edgepool_refusals_total{provider="ollama",code="invalid_token"}'), '1');
  assert.equal(found.get('edgepool_keys{provider="ollama",state="active"}'), '3');
  assert.equal(found.get('edgepool_database_up{provider="ollama"}'), '1');
  assert.ok([...found.keys()].some((name) => name.includes('model="m\\"} 1 edgepool_requests_total{x=\\"\\\\"')), 'the hostile name is a label, escaped');
  assert.equal(found.get('edgepool_model_first_byte_seconds_count{provider="ollama",model="gpt-oss:20b"}'), '3');
});

test('the metrics take the metrics token or the admin token, no other', async () => {
  assert.equal((await pool.admin('/metrics')).status, 200);
  for (const token of [null, pool.tokens.ollama, `${kMetricsToken}x`]) assert.equal((await pool.ask('/metrics', undefined, { token })).status, 401);
  assert.equal((await pool.ask('/admin/stats', undefined, { token: kMetricsToken })).status, 401);
});

test('the trend of the day and of the month end with what was just answered', async () => {
  for (const [window, rows, step] of [['24h', 24, 'hour'], ['30d', 30, 'day']]) {
    const answer = (await pool.admin(`/admin/trends?window=${window}`)).json();
    assert.deepEqual([answer.provider, answer.window, answer.step, answer.rows.length], ['ollama', window, step, rows]);
    assert.deepEqual([answer.rows.at(-1).requests, answer.totals.requests, answer.totals.success], [4, 4, 4]);
    assert.ok(Number.isInteger(answer.totals.latency_ms) && answer.totals.latency_ms >= 0);
    assert.equal(answer.models[0].model, 'gpt-oss:20b');
    assert.equal(answer.rows[0].latency_ms, null);
  }
  assert.equal((await pool.admin('/admin/trends?window=7d')).status, 400);
});

test('the settings show what is set, without a secret', async () => {
  const settings = (await pool.admin('/admin/settings')).json();
  const row = (name) => settings.configuration.find((each) => each.name === name);
  assert.deepEqual(row('METRICS_TOKEN'), { name: 'METRICS_TOKEN', set: true, secret: true, value: null, default: null });
  assert.deepEqual(row('LOG_CLIENT_ADDRESS'), { name: 'LOG_CLIENT_ADDRESS', set: true, secret: false, value: 'true', default: 'false' });
  assert.deepEqual([settings.problems, settings.missing, settings.storage.reachable], [[], [], true]);
  assert.equal(settings.schema.found, settings.schema.needed);
});

test('each request is one line of JSON in the log', async () => {
  await pool.chat({ stream: true }, { headers: { 'cf-connecting-ip': '203.0.113.9' } });
  const lines = await eventually(() => {
    const found = pool.worker.output().split('\n').filter((line) => line.includes('"event":"request"')).map((line) => JSON.parse(line.slice(line.indexOf('{'))));
    return found.some((line) => line.delivery === 'stream') ? found : undefined;
  }, 'the line of a stream');
  const line = lines.find((each) => each.delivery === 'stream');
  assert.deepEqual([line.route, line.provider, line.dialect, line.status, line.outcome, line.attempts, line.client], ['/v1/chat/completions', 'ollama', 'openai', 200, 'success', 1, '203.0.113.9']);
  assert.ok(line.completion_tokens > 0 && line.duration_ms >= line.first_byte_ms);
  assert.equal(lines.filter((each) => each.error === 'invalid_token').length, 1);
});

secretsStayIn(pool);
