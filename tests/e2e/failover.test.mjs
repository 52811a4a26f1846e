// Every way to fail that the practice upstream knows: the request moves to the next key where that helps, and where it does not, the
// provider's own answer goes back as it came.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readProviderFixtures } from '../../tools/practice/provider_fixtures.mjs';
import { kWireFaults } from '../../tools/practice/wire_faults.mjs';
import { secretsStayIn, wholePool } from './support/pool.mjs';

const kTimes = { FIRST_BYTE_TIMEOUT_MS: '700', IDLE_TIMEOUT_MS: '700' };
const pool = wholePool({ keys: 3, variables: kTimes });

const kDialectPaths = { native: '/api/chat', anthropic: '/v1/messages', openai: '/v1/chat/completions', any: '/v1/chat/completions' };
const kMessages = [{ role: 'user', content: 'hello' }];

function callOf(fixture) {
  const model = fixture.only?.model ? 'vendor/model:free' : 'vendor/model';
  return [kDialectPaths[fixture.dialect], { model, max_tokens: 50, messages: kMessages }];
}

for (const [provider, fixtures] of Object.entries(readProviderFixtures())) {
  for (const [name, fixture] of Object.entries(fixtures)) {
    if (fixture.only?.path || name.startsWith('key_') || name.startsWith('stream_error')) continue;
    const [path, body] = callOf(fixture);
    if (fixture.expect.retry) {
      test(`${provider} ${name}: the next key answers`, async () => {
        await pool.fresh();
        pool.upstream.faults.add({ fault: name, count: 1, match: { provider } });
        const answer = await pool.ask(path, { ...body, stream: false }, { provider });
        assert.equal(answer.status, 200, answer.text);
        assert.equal(answer.headers.get('x-pool-attempts'), '2');
        const keys = pool.upstream.requests.list().map((request) => request.key);
        assert.equal(new Set(keys).size, 2);
      });
    } else {
      test(`${provider} ${name}: goes back as it came, after one attempt`, async () => {
        await pool.fresh();
        pool.upstream.faults.add({ fault: name, match: { provider } });
        const answer = await pool.ask(path, { ...body, stream: false }, { provider });
        assert.equal(answer.status, fixture.status);
        assert.equal(answer.headers.get('x-pool-attempts'), '1');
        assert.equal(answer.text, withoutAccount(await directAnswer(path, body, provider)));
        assert.equal(pool.upstream.requests.list().filter((request) => request.key !== 'practice-direct').length, 1);
      });
    }
  }
}

// Who the pool is upstream is not the client's to know: that member is emptied, all else stays.
const withoutAccount = (text) => text.replace('"user_id":"user_practice"', '"user_id":""');

async function directAnswer(path, body, provider) {
  const base = provider === 'ollama' ? pool.upstream.ollamaBaseUrl + path : pool.upstream.openrouterBaseUrl + path.replace('/v1', '');
  const response = await fetch(base, { method: 'POST', body: JSON.stringify({ ...body, stream: false }), headers: { authorization: 'Bearer practice-direct' } });
  return response.text();
}

// What becomes of each fault on the wire: "next" = another key answers, "passed" = what came is passed on.
const kPlain = { reset: 'next', reset_after: 'next', stall: 'next', stall_after: 'next', error_in_200: 'next', slow_first_byte: 'next',
  drip: 'passed', gzip: 'passed', slow_words: 'passed', huge_event: 'passed' };
const kStreamed = { ...kPlain, error_first_event: 'next', empty_200: 'next' };
delete kStreamed.reset_after;
delete kStreamed.stall_after;

for (const [kind, table] of [['whole answer', kPlain], ['stream', kStreamed]]) {
  for (const [fault, end] of Object.entries(table)) {
    test(`a ${kind} with ${fault.replaceAll('_', ' ')}: ${end === 'next' ? 'the next key answers' : 'passes'}`, async () => {
      assert.ok(Object.hasOwn(kWireFaults, fault));
      await pool.fresh();
      pool.upstream.faults.add({ fault, count: 1, after_events: 0, delay_ms: fault === 'slow_first_byte' ? 2500 : 0, word_delay_ms: 30, match: { provider: 'openrouter' } });
      const answer = await pool.chat({ stream: kind === 'stream' }, { provider: 'openrouter' });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.headers.get('x-pool-attempts'), end === 'next' ? '2' : '1');
      if (kind === 'stream') assert.match(answer.text, /data: \[DONE\]\n\n$/);
      else assert.ok(answer.json().choices[0].message.content.includes('answer, not a model'));
    });
  }
}

test('a key is never tried twice in a request, and MAX_ATTEMPTS bounds the tries', async () => {
  await pool.fresh();
  pool.upstream.faults.add({ fault: '500', match: { provider: 'ollama' } });
  const answer = await pool.chat();
  assert.equal(answer.status, 500);
  assert.equal(answer.headers.get('x-pool-attempts'), '3');
  const keys = pool.upstream.requests.list().map((request) => request.key);
  assert.equal(new Set(keys).size, 3);
  assert.equal(keys.length, 3);
  await pool.fresh({ ...kTimes, MAX_ATTEMPTS: '2' });
  pool.upstream.faults.add({ fault: '500', match: { provider: 'ollama' } });
  assert.equal((await pool.chat()).headers.get('x-pool-attempts'), '2');
});

test('when every key fails, the last answer of the provider goes back as it came', async () => {
  await pool.fresh();
  const [first, second, third] = pool.keys.ollama;
  const faults = { [first]: '503_overloaded', [second]: '502', [third]: '500_eof' };
  for (const [key, fault] of Object.entries(faults)) pool.upstream.faults.add({ fault, match: { key } });
  const answer = await pool.ask('/api/chat', { model: 'm', messages: kMessages, stream: false });
  const last = pool.upstream.requests.list().at(-1);
  const fixture = readProviderFixtures().ollama[faults[last.key]];
  assert.equal(answer.status, fixture.status);
  assert.deepEqual(answer.json(), fixture.body);
  assert.equal(answer.headers.get('x-pool-attempts'), '3');
});

test('an upstream that cannot be reached at all is a 502 in the dialect of the caller', async () => {
  await pool.fresh();
  pool.upstream.faults.add({ fault: 'reset', match: {} });
  const answer = await pool.chat();
  assert.equal(answer.status, 502);
  assert.equal(typeof answer.json().error.message, 'string');
  const native = await pool.ask('/api/chat', { model: 'm', messages: kMessages });
  assert.equal(typeof native.json().error, 'string');
});

test('keys that all rest are a 503 or 429 with Retry-After', async () => {
  await pool.fresh();
  pool.upstream.faults.add({ fault: '429_weekly', match: { provider: 'ollama' } });
  await pool.chat();
  const answer = await pool.chat();
  assert.ok(answer.status === 503 || answer.status === 429, String(answer.status));
  assert.ok(Number(answer.headers.get('retry-after')) > 0);
});

secretsStayIn(pool);
