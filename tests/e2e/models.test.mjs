// MODEL_ALIASES and MODEL_FALLBACKS through the real worker: what goes up, what the client is told, what is counted; and every figure of
// an answer's usage, down to the last nano-dollar.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { eventually, kProviders, secretsStayIn, wholePool } from './support/pool.mjs';

const kNames = JSON.stringify({ smart: 'gpt-oss:120b', openrouter: { smart: 'openai/gpt-oss-120b' } });
const kStandIns = JSON.stringify({ 'practice-404-model': ['openrouter:openai/gpt-oss-20b'],
  'practice-429-weekly': ['gpt-oss:20b', 'openrouter:openai/gpt-oss-20b'], 'practice-410-retired': ['practice-404-model', 'also-good'] });
const pool = wholePool({ upstream: { keep_bodies: true }, variables: { MODEL_ALIASES: kNames, MODEL_FALLBACKS: kStandIns } });
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
// What each provider's answers on a path report (tools/practice).
const kReported = {
  ollama: (path) => ['prompt', 'completion', ...(path.endsWith('/responses') ? ['reasoning'] : [])],
  openrouter: (path) => ['prompt', 'completion', 'cost_nano', ...(path.endsWith('/messages') ? [] : ['reasoning']), 'cached'],
};
const lastRequest = () => pool.upstream.requests.list().at(-1);
const bodyOf = (model) => ` {"messages":[{"role":"user","content":"smart x"}],  "model" : "${model}", "n":1 }`;

test('an alias is replaced in its place, and no other byte is', async () => {
  for (const [provider, name] of [['ollama', 'gpt-oss:120b'], ['openrouter', 'openai/gpt-oss-120b']]) {
    const answer = await pool.ask('/v1/chat/completions', bodyOf('smart'), { provider });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(lastRequest().body_sha256, sha256(bodyOf(name)));
    assert.equal(answer.headers.get('x-pool-model'), null);
  }
});

test('a model that is gone is answered by its stand-in, also of the other provider, and the answer says so', async () => {
  const answer = await pool.ask('/v1/chat/completions', bodyOf('practice-404-model'));
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers.get('x-pool-model'), 'openai/gpt-oss-20b');
  assert.equal(answer.headers.get('x-pool-provider'), 'openrouter');
  assert.equal(lastRequest().provider, 'openrouter');
  assert.equal(lastRequest().body_sha256, sha256(bodyOf('openai/gpt-oss-20b')));
});

test('stand-ins are asked in order, in streams as well', async () => {
  const answer = await pool.chat({ model: 'practice-410-retired', stream: true });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers.get('x-pool-model'), 'also-good');
  assert.match(answer.text, /data: \[DONE\]\n\n$/);
});

test('when every key is spent, the other provider stands in', async () => {
  const answer = await pool.chat({ model: 'practice-429-weekly' });
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual([answer.headers.get('x-pool-provider'), answer.headers.get('x-pool-model')], ['openrouter', 'openai/gpt-oss-20b']);
});

test('prompt, completion, cached and reasoning tokens and the cost are those that the provider reported, in every table', async () => {
  await pool.fresh();
  const shapes = [['/v1/chat/completions', {}], ['/v1/chat/completions', { stream: true, stream_options: { include_usage: true } }], ['/v1/chat/completions', { reasoning_effort: 'high' }],
    ['/v1/messages', { max_tokens: 50 }], ['/v1/messages', { max_tokens: 50, stream: true }], ['/v1/responses', { input: 'two words', messages: undefined }]];
  for (const provider of kProviders) {
    for (const [path, members] of shapes) {
      const answer = await pool.ask(path, { model: `usage-${provider}`, messages: [{ role: 'user', content: 'some words that are counted' }], ...members }, { provider });
      assert.equal(answer.status, 200, answer.text);
    }
    const wanted = { requests: shapes.length, prompt: 0, completion: 0, cached: 0, reasoning: 0, cost_nano: 0 };
    for (const { usage, path } of pool.upstream.requests.list({ model: `usage-${provider}` })) {
      for (const name of kReported[provider](path)) wanted[name] += usage[name];
    }
    const columns = 'sum(prompt_tokens)::int as prompt, sum(completion_tokens)::int as completion, sum(cached_tokens)::int as cached, sum(reasoning_tokens)::int as reasoning, sum(cost_nano)::bigint as cost_nano';
    const of = async (table, requests, where) => (await pool.database.sql(`select sum(${requests})::int as requests, ${columns} from public.${provider}_api_${table} where ${where}`))[0];
    const model = `model = 'usage-${provider}'`;
    await eventually(async () => ((await of('model_stats', 'total_requests', model)).requests === shapes.length ? true : undefined), 'the figures of the model');
    for (const [table, requests] of [['model_stats', 'total_requests'], ['model_hourly', 'requests']]) {
      const found = await of(table, requests, model);
      assert.deepEqual({ ...found, cost_nano: Number(found.cost_nano) }, wanted, `${provider} ${table}`);
    }
    if (provider === 'openrouter') assert.ok(wanted.cost_nano > 0 && wanted.cached > 0 && wanted.reasoning > 0, JSON.stringify(wanted));
  }
});

secretsStayIn(pool);
