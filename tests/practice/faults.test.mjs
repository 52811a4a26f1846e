// The practice upstream fails when, where and how it is told to, and no further.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import http from 'node:http';
import { readProviderFixtures } from '../../tools/practice/provider_fixtures.mjs';
import { ask, control, kChat, ndjson, practiceUpstream, sseData, sseJson } from './practice.mjs';

const practice = practiceUpstream();
const kStream = { ...kChat, stream: true };
const kPaths = { ollama: '/v1/chat/completions', openrouter: '/api/v1/chat/completions' };
const add = (rule) => practice.upstream.faults.add(rule);

async function failureOf(promise) {
  try {
    await promise;
    return null;
  } catch (error) {
    return error.cause?.code ?? error.name;
  }
}

describe('documented refusals', () => {
  const fixtures = readProviderFixtures();
  for (const [provider, path] of Object.entries(kPaths)) {
    for (const [name, fixture] of Object.entries(fixtures[provider])) {
      if (fixture.status < 400 || fixture.only?.path) continue;
      test(`${provider} ${name} is served with its status, headers and message`, async () => {
        add({ match: { provider }, fault: name });
        const answer = await ask(practice.upstream, path, { ...kChat, model: 'practice/model:free' });
        const text = await answer.text();
        assert.equal(answer.status, fixture.status);
        assert.deepEqual([...answer.headers.keys()].filter((header) => fixture.headers[header] !== undefined).sort(), Object.keys(fixture.headers).sort());
        const message = typeof fixture.body === 'string' ? fixture.body : fixture.body.error.message ?? fixture.body.error;
        assert.ok(typeof fixture.body === 'string' ? text === message : text.includes(JSON.stringify(message).slice(1, -1)), text);
      });
    }
  }

  test('a native refusal takes the dialect of the route', async () => {
    add({ fault: '429_weekly' });
    const openai = await (await ask(practice.upstream, '/v1/chat/completions')).json();
    const anthropic = await (await ask(practice.upstream, '/v1/messages')).json();
    const native = await (await ask(practice.upstream, '/api/chat')).json();
    assert.equal(openai.error.message, native.error);
    assert.equal(anthropic.error.message, native.error);
    assert.equal(anthropic.error.type, 'rate_limit_error');
  });

  test("an OpenAI refusal on a native route becomes Ollama's text, one marked for any route stays", async () => {
    add({ match: { model: 'shaped' }, fault: '401_openai' });
    add({ match: { model: 'text' }, fault: '429_weekly_text' });
    const body = async (path, model) => (await ask(practice.upstream, path, { ...kChat, model })).json();
    assert.deepEqual(await body('/api/chat', 'shaped'), { error: 'unauthorized' });
    assert.equal(typeof (await body('/v1/chat/completions', 'text')).error, 'string');
  });

  test('times in a refusal are as far from now as the fixture says', async () => {
    add({ fault: '429_free_daily' });
    const answer = await ask(practice.upstream, kPaths.openrouter, { ...kChat, model: 'm:free' });
    const fixture = fixtures.openrouter['429_free_daily'];
    const wanted_ms = Number(fixture.headers['x-ratelimit-reset']) - fixture.now_ms;
    const found_ms = Number(answer.headers.get('x-ratelimit-reset')) - Date.now();
    assert.ok(Math.abs(found_ms - wanted_ms) < 60000, `${found_ms} for ${wanted_ms}`);
    assert.equal((await answer.json()).error.metadata.headers['X-RateLimit-Reset'], answer.headers.get('x-ratelimit-reset'));
  });

  test('a fault for free models leaves the others alone', async () => {
    add({ fault: '429_free_daily' });
    assert.equal((await ask(practice.upstream, kPaths.openrouter, { ...kChat, model: 'm:free' })).status, 429);
    assert.equal((await ask(practice.upstream, kPaths.openrouter, kChat)).status, 200);
  });

  test('a rule may bring its own status, headers and body', async () => {
    add({ fault: 'status', status: 418, headers: { 'retry-after': '7' }, body: { error: 'teapot' } });
    const answer = await ask(practice.upstream, kPaths.ollama);
    assert.deepEqual([answer.status, answer.headers.get('retry-after'), await answer.json()], [418, '7', { error: 'teapot' }]);
  });
});

describe('when a rule applies', () => {
  test('only to the key, model, path and provider that it names', async () => {
    add({ match: { key: 'practice-bad', model: 'gpt*', path: '/v1/*' }, fault: '500' });
    const status = async (path, body, key) => (await ask(practice.upstream, path, body, { key })).status;
    assert.equal(await status('/v1/chat/completions', kChat, 'practice-bad'), 500);
    assert.equal(await status('/v1/chat/completions', kChat, 'practice-good'), 200);
    assert.equal(await status('/v1/chat/completions', { ...kChat, model: 'other' }, 'practice-bad'), 200);
    assert.equal(await status('/api/chat', kChat, 'practice-bad'), 200);
  });

  test('skip, every and count choose which requests fail', async () => {
    add({ fault: '500', skip: 1, every: 2, count: 2 });
    const statuses = [];
    for (let i = 0; i < 8; i++) statuses.push((await ask(practice.upstream, kPaths.ollama)).status);
    assert.deepEqual(statuses, [200, 500, 200, 500, 200, 200, 200, 200]);
  });

  test('a magic key fails always, and a magic model whatever the key', async () => {
    assert.equal((await ask(practice.upstream, kPaths.ollama, kChat, { key: 'practice-429-weekly' })).status, 429);
    assert.equal((await ask(practice.upstream, kPaths.ollama, kChat, { key: 'practice-503-overloaded-second' })).status, 503);
    assert.equal((await ask(practice.upstream, kPaths.openrouter, { ...kChat, model: 'vendor/practice-404-model:free' })).status, 404);
    assert.equal((await ask(practice.upstream, kPaths.ollama, kChat, { key: 'practice-ollama-1' })).status, 200);
  });

  test('a spent key says so on the key-information route, a slow connection does not', async () => {
    const probe = (path, key) => ask(practice.upstream, path, null, { method: 'GET', key }).then((answer) => answer.json());
    assert.equal((await probe('/api/balance', 'practice-429-weekly')).included.weekly.remaining_percent, 0);
    assert.equal((await probe('/api/v1/key', 'practice-402-key-limit')).data.limit_remaining, 0);
    assert.equal((await probe('/api/v1/key', 'practice-key-management')).data.is_management_key, true);
    assert.equal((await probe('/api/balance', 'practice-503-overloaded')).included.balance_usd, 72.5);
    assert.equal((await probe('/api/balance', 'practice-reset')).included.balance_usd, 72.5);
    assert.equal((await ask(practice.upstream, '/api/balance', null, { method: 'GET', key: 'practice-401' })).status, 401);
  });

  test('a key can be told to be accepted, or no longer', async () => {
    const status = async (key) => (await ask(practice.upstream, kPaths.ollama, kChat, { key })).status;
    practice.upstream.keys.set({ key: 'practice-gone', accepted: false });
    practice.upstream.keys.set({ key: 'sk-mine' });
    assert.deepEqual([await status('practice-gone'), await status('sk-mine'), await status('sk-other')], [401, 200, 401]);
  });

  test('a key refuses more requests at once than its ceiling', async () => {
    practice.upstream.keys.set({ key: 'practice-narrow', concurrency: 1 });
    add({ fault: 'stall', count: 1 });
    const leave = new AbortController();
    const held = failureOf(ask(practice.upstream, kPaths.ollama, kChat, { key: 'practice-narrow', signal: leave.signal }));
    while (practice.upstream.requests.list({ key: 'practice-narrow' }).length === 0) await new Promise(setImmediate);
    const second = await ask(practice.upstream, kPaths.ollama, kChat, { key: 'practice-narrow' });
    assert.equal(second.status, 429);
    assert.match((await second.json()).error.message, /concurrent/);
    leave.abort();
    await held;
  });
});

describe('broken connections and bodies', () => {
  test('reset cuts before any header, reset_after in the middle of the stream', async () => {
    assert.match(await failureOf(ask(practice.upstream, kPaths.ollama, kStream, { key: 'practice-reset' })), /ECONNRESET|UND_ERR_SOCKET/);
    const answer = await ask(practice.upstream, kPaths.ollama, kStream, { key: 'practice-reset-after-3' });
    const reader = answer.body.getReader();
    let text = '';
    const cut = await failureOf((async () => {
      for (let part; !(part = await reader.read()).done;) text += Buffer.from(part.value).toString();
    })());
    assert.match(cut, /ECONNRESET|UND_ERR_SOCKET/);
    assert.equal(sseJson(text).length, 3);
  });

  test('a stalled request is recorded as left by the client', async () => {
    for (const fault of ['stall', 'stall_after']) {
      practice.upstream.faults.remove();
      add({ fault });
      const leave = new AbortController();
      const answer = ask(practice.upstream, kPaths.ollama, kStream, { signal: leave.signal }).then((got) => got.text());
      answer.catch(() => {});
      while (practice.upstream.requests.list({ fault }).length === 0) await new Promise(setImmediate);
      leave.abort();
      await assert.rejects(answer);
      while (practice.upstream.requests.list({ fault })[0].outcome === 'open') await new Promise(setImmediate);
      assert.equal(practice.upstream.requests.list({ fault })[0].outcome, 'aborted');
    }
  });

  test('errors come in band, first or midway, in the shape of the dialect', async () => {
    add({ match: { model: 'first' }, fault: 'error_first_event' });
    add({ match: { model: 'midway' }, fault: 'error_mid_stream', after_events: 3 });
    const text = async (path, model, body = kStream) => (await ask(practice.upstream, path, { ...body, model })).text();
    assert.equal(sseJson(await text('/v1/chat/completions', 'first'))[0].error.message, 'an error was encountered while running the model');
    const midway = sseJson(await text('/api/v1/chat/completions', 'midway'));
    assert.deepEqual([midway.length, midway[2].error.code, midway[2].choices[0].finish_reason], [3, 502, 'error']);
    assert.equal(sseJson(await text('/v1/messages', 'midway')).at(-1).type, 'error');
    assert.equal(sseJson(await text('/api/v1/responses', 'first', { input: 'x', stream: true }))[0].type, 'response.failed');
    assert.deepEqual(ndjson(await text('/api/chat', 'midway')).at(-1), { error: 'an error was encountered while running the model' });
  });

  test('an error can be the body of a plain 200', async () => {
    add({ fault: 'error_in_200', error: 'stream_error_rate_limited', match: { provider: 'openrouter' } });
    const answer = await ask(practice.upstream, kPaths.openrouter);
    assert.equal(answer.status, 200);
    assert.equal((await answer.json()).error.code, 429);
  });

  test('a stream without its terminator ends cleanly and unfinished', async () => {
    const text = await (await ask(practice.upstream, kPaths.ollama, kStream, { key: 'practice-no-terminator' })).text();
    assert.ok(!sseData(text).includes('[DONE]'));
    assert.ok(sseJson(text).every((chunk) => chunk.choices[0].finish_reason === null));
    const lines = ndjson(await (await ask(practice.upstream, '/api/chat', kChat, { key: 'practice-no-terminator' })).text());
    assert.ok(lines.every((line) => line.done === false));
  });

  test('HTML, nothing and garbage come with status 200', async () => {
    const text = async (key) => (await ask(practice.upstream, kPaths.ollama, kChat, { key })).text();
    assert.match(await text('practice-html-200'), /^<!DOCTYPE html>/);
    assert.equal(await text('practice-empty-200'), '');
    const garbage = await text('practice-garbage');
    assert.throws(() => JSON.parse(garbage), SyntaxError);
  });

  test('truncated JSON ends in its middle', async () => {
    const text = await (await ask(practice.upstream, kPaths.ollama, kChat, { key: 'practice-truncated' })).text();
    assert.throws(() => JSON.parse(text), SyntaxError);
    assert.match(text, /^\{"id"/);
  });

  test('a dripped stream is the same stream', async () => {
    const dripped = await (await ask(practice.upstream, kPaths.ollama, kStream, { key: 'practice-drip' })).text();
    assert.equal(sseJson(dripped).map((chunk) => chunk.choices[0].delta.content).join(''), 'This is a practice answer, not a model. You said: hello there');
  });

  test('gzip is gzip, event by event', async () => {
    const raw = await new Promise((done, failed) => {
      const request = http.request(practice.upstream.url + kPaths.ollama, { method: 'POST', headers: { authorization: 'Bearer practice-gzip', 'content-type': 'application/json' } }, (answer) => {
        const pieces = [];
        answer.on('data', (piece) => pieces.push(piece)).on('end', () => done({ headers: answer.headers, body: Buffer.concat(pieces) })).on('error', failed);
      });
      request.on('error', failed).end(JSON.stringify(kStream));
    });
    assert.equal(raw.headers['content-encoding'], 'gzip');
    assert.equal(sseData(gunzipSync(raw.body).toString()).at(-1), '[DONE]');
  });

  test('a huge event has the size that was asked for', async () => {
    add({ fault: 'huge_event', bytes: 300000 });
    for (const [path, body] of [['/v1/chat/completions', kStream], ['/v1/chat/completions', kChat], ['/api/chat', kChat]]) {
      const text = await (await ask(practice.upstream, path, body)).text();
      assert.ok(text.includes('x'.repeat(300000)), path);
    }
  });
});

describe('the control endpoint', () => {
  test('adds, lists and removes rules', async () => {
    const rule = await (await control(practice.upstream, 'POST', '/faults', { match: { key: 'practice-x' }, fault: '401' })).json();
    assert.equal((await (await control(practice.upstream, 'GET', '/faults')).json())[0].id, rule.id);
    assert.deepEqual(await (await control(practice.upstream, 'DELETE', `/faults/${rule.id}`)).json(), { removed: 1 });
  });

  test('says what is wrong with a rule, a setting or a path', async () => {
    for (const [path, body, told] of [['/faults', { fault: 'nonsense' }, /unknown fault/], ['/faults', { fault: '500', match: { colour: 'red' } }, /match\.colour/], ['/settings', { word_delay_ms: 'slow' }, /word_delay_ms/]]) {
      const answer = await control(practice.upstream, 'POST', path, body);
      assert.equal(answer.status, 400);
      assert.match((await answer.json()).error, told);
    }
    assert.equal((await control(practice.upstream, 'GET', '/nothing')).status, 404);
  });

  test('what a request was and became is in the log, the key apart from the headers', async () => {
    const text = JSON.stringify(kChat);
    await (await ask(practice.upstream, '/v1/chat/completions?x=1', text, { key: 'practice-logged' })).text();
    const [record] = await (await control(practice.upstream, 'GET', '/requests?key=practice-logged')).json();
    assert.deepEqual([record.method, record.path, record.query, record.model, record.body_bytes, record.status, record.outcome], ['POST', '/v1/chat/completions', '?x=1', 'gpt-oss:20b', text.length, 200, 'succeeded']);
    assert.equal(record.headers.authorization, undefined);
    assert.match(record.body_sha256, /^[0-9a-f]{64}$/);
  });

  test('counters add up the outcomes and the usage of what was answered whole', async () => {
    for (const key of ['practice-a', 'practice-a', 'practice-500', 'practice-truncated']) await (await ask(practice.upstream, '/v1/chat/completions', kChat, { key })).text();
    const { total, keys } = await (await control(practice.upstream, 'GET', '/counters')).json();
    assert.deepEqual([total.requests, total.succeeded, total.refused, total.broken, total.in_flight], [4, 2, 1, 1, 0]);
    assert.deepEqual([total.prompt, total.completion], [4, 24]);
    assert.deepEqual(keys.find((row) => row.key === 'practice-500').faults, { 500: 1 });
  });
});
