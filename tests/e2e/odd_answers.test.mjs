// Answers and bodies that are odd, through the real worker: whatever JSON allows goes up untouched, whatever a provider sends comes down or is
// an error that says so; nothing hangs and nothing traps.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { secretsStayIn, wholePool } from './support/pool.mjs';

const pool = wholePool({ upstream: { keep_bodies: true }, variables: { IDLE_TIMEOUT_MS: '3000' } });
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const kFrame = ['{"messages":[{"role":"user","content":', '}],"model":"m"}'];

test('what only a strict reader would mind goes up as it came, or is refused with its byte: never a hang, never a trap', async () => {
  const contents = { 'invalid UTF-8': Buffer.from([0x22, 0xc3, 0x28, 0xff, 0xfe, 0x22]), 'a lone surrogate': '"\\ud800 \\udc00"', 'a number of a million digits': `1${'0'.repeat(1_000_000)}`,
    'a thousand duplicates': `{"a":1${',"a":2'.repeat(1000)}}`, 'a string of 8 MB': `"${'x'.repeat(8 << 20)}"` };
  for (const [what, content] of Object.entries(contents)) {
    const body = Buffer.concat([Buffer.from(kFrame[0]), Buffer.from(content), Buffer.from(kFrame[1])]);
    const before = pool.upstream.requests.list().length;
    const answer = await pool.ask('/v1/chat/completions', body);
    if (answer.status === 400) {
      assert.match(answer.json().error.message, /byte \d+/, what);
      continue;
    }
    const seen = pool.upstream.requests.list().slice(before);
    assert.ok(seen.length >= 1, `${what}: ${answer.status} ${answer.text.slice(0, 200)}`);
    assert.equal(seen[0].body_sha256, sha256(body), what);
  }
  assert.doesNotMatch(pool.worker.output(), /"trap"/);
  assert.equal((await pool.chat()).status, 200);
});

test('a web page, bytes that are no text, and nothing at all under 200 pass as they came, whole', async () => {
  for (const fault of ['html_200', 'garbage', 'empty_200']) {
    for (const stream of [false, true]) {
      pool.upstream.faults.remove();
      pool.upstream.faults.add({ fault });
      const answer = await pool.chat({ stream });
      // A stream without any event has nothing to pass on: other keys are tried, and then the client is told.
      if (stream && answer.status !== 200) assert.ok([502, 504].includes(answer.status) && answer.json().error.code, `${fault} ${answer.status} ${answer.text}`);
      else assert.equal(answer.status, 200, fault);
    }
  }
  pool.upstream.faults.remove();
});

test('a stream without its terminator ends with an error that says so', async () => {
  for (const [path, pattern] of [['/v1/chat/completions', /without its terminator/], ['/v1/messages', /event: error\n.*without its terminator/], ['/api/chat', /\{"error":".*without its terminator"\}\n$/]]) {
    pool.upstream.faults.add({ fault: 'no_terminator', count: 1 });
    const answer = await pool.ask(path, { model: 'm', max_tokens: 9, stream: true, messages: [{ role: 'user', content: 'x' }] });
    assert.equal(answer.status, 200);
    assert.match(answer.text, pattern);
  }
});

test('events that end in CR, CRLF or LF, in pieces of every size, pass byte for byte and are read', async (t) => {
  const usage = '{"prompt_tokens":3,"completion_tokens":4}';
  let text = '';
  const server = createServer(async (request, response) => {
    for await (const piece of request) void piece;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const byte of Buffer.from(text)) response.write(Buffer.from([byte]));
    response.end();
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => server.close());
  await pool.fresh({ ...pool.variables, OLLAMA_BASE_URL: `http://127.0.0.1:${server.address().port}` });
  const before = await pool.counted(0);
  const tokens = async () => (await pool.database.sql("select sum(prompt_tokens)::int as prompt, sum(completion_tokens)::int as completion from public.ollama_api_model_stats where model = 'odd-ends'"))[0];
  const ends = ['\r', '\r\n', '\n'];
  for (const end of ends) {
    text = [': a comment', '', 'data: {"choices":[{"delta":', 'data: {"content":"x"}}]}', '', `data: {"choices":[],"usage":${usage}}`, '', 'data: [DONE]', '', ''].join(end);
    const answer = await pool.chat({ model: 'odd-ends', stream: true, stream_options: { include_usage: true } });
    assert.equal(answer.status, 200);
    assert.equal(answer.text, text);
  }
  assert.deepEqual(await pool.counted(before.requests + ends.length), { ...before, requests: before.requests + ends.length, success: before.success + ends.length });
  assert.deepEqual(await tokens(), { prompt: 3 * ends.length, completion: 4 * ends.length });
});

secretsStayIn(pool);
