// What crosses the pool unchanged, and what never crosses it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { kProviders, secretsStayIn, wholePool } from './support/pool.mjs';

const pool = wholePool({ upstream: { keep_bodies: true } });
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const lastRequest = () => pool.upstream.requests.list().at(-1);

const kBodies = {
  'odd spacing': '\r\n { "model"\t:\n"m" ,  "messages" : [ { "role":"user","content" : "x" } ]\n\n}  \n',
  'the order of its members': '{"zebra":1,"messages":[{"content":"x","role":"user"}],"apple":2,"model":"m","0":3}',
  'duplicate members': '{"model":"first","model":"m","temperature":0.1,"temperature":0.10,"messages":[{"role":"user","content":"x","content":"y"}]}',
  'numbers as they were written': '{"model":"m","temperature":1.0e-0,"seed":12345678901234567890123,"top_p":0.30000000000000004,"messages":[{"role":"user","content":"x"}]}',
  'escapes and other scripts': '{"model":"m","messages":[{"role":"user","content":"\\u00e9 é 漢字 🦆 \\ud83e\\udd86 \\/ \\u0000 \\"q\\" \u2028"}]}',
  'a megabyte': JSON.stringify({ messages: [{ role: 'user', content: 'söme wörds '.repeat(90_000) }], model: 'm' }),
};

for (const [what, body] of Object.entries(kBodies)) {
  test(`a request body goes up byte for byte: ${what}`, async () => {
    for (const provider of kProviders) {
      const answer = await pool.ask('/v1/chat/completions', body, { provider });
      assert.equal(answer.status, 200, answer.text.slice(0, 300));
      assert.equal(lastRequest().body_sha256, sha256(body));
      assert.equal(lastRequest().provider, provider);
    }
  });
}

test('a body that arrives in pieces of no announced length goes up byte for byte', async () => {
  const body = Buffer.from(kBodies['escapes and other scripts']);
  const pieces = new ReadableStream({ async start(controller) {
    for (const byte of body) controller.enqueue(new Uint8Array([byte]));
    controller.close();
  } });
  const response = await pool.fetch('/v1/chat/completions', { method: 'POST', body: pieces, duplex: 'half', headers: { authorization: `Bearer ${pool.tokens.ollama}` } });
  assert.equal(response.status, 200);
  assert.equal(lastRequest().body_sha256, sha256(body));
});

test('an answer comes down byte for byte, streamed and not', async (t) => {
  const events = ['data: {"x": 1 ,"choices":[]}\r\n\r\n', ': a comment\n\n', 'event:  odd\ndata:{"choices":[{"delta":{"content":"é漢🦆"}}]}\n\n', 'data: [DONE]\n\n'];
  const whole = ' {"choices" : [ ], "pi":3.140,\n"text":"\\u00e9 é" }\n\n';
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const piece of request) text += piece;
    if (!JSON.parse(text).stream) return response.writeHead(200, { 'content-type': 'application/json' }).end(whole);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of events) {
      // Split in the middle of a character where there is one.
      const bytes = Buffer.from(event);
      response.write(bytes.subarray(0, bytes.length - 9));
      await new Promise((done) => setTimeout(done, 5));
      response.write(bytes.subarray(bytes.length - 9));
    }
    response.end();
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => pool.restart());
  t.after(() => new Promise((done) => { server.close(done); server.closeAllConnections(); }));
  await pool.restart({ OLLAMA_BASE_URL: `http://127.0.0.1:${server.address().port}` });
  assert.equal((await pool.chat()).text, whole);
  assert.equal((await pool.chat({ stream: true })).text, events.join(''));
});

test('an answer of the practice upstream, streamed and longer than any buffer, comes down byte for byte', async () => {
  const call = { model: 'm-words-3000', stream: true, messages: [{ role: 'user', content: 'x' }] };
  const through = await pool.ask('/v1/chat/completions', call);
  const direct = await fetch(`${pool.upstream.ollamaBaseUrl}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(call), headers: { authorization: 'Bearer practice-direct' } });
  const plain = (text) => text.replace(/"id":"[^"]*"|"created":\d+/g, '""');
  assert.equal(sha256(plain(through.text)), sha256(plain(await direct.text())));
});

test('the client\'s credential never goes up; the key does, as a bearer', async () => {
  for (const headers of [{}, { 'x-api-key': pool.tokens.ollama }]) {
    const answer = await pool.chat({}, { headers, token: headers['x-api-key'] ? null : pool.tokens.ollama });
    assert.equal(answer.status, 200);
    const seen = lastRequest();
    assert.ok(pool.keys.ollama.includes(seen.key));
    assert.equal(seen.credential, 'authorization');
    assert.ok(!JSON.stringify(seen).includes(pool.tokens.ollama));
  }
});

const kPassing = { accept: 'application/json', 'user-agent': 'Some-Client/1.2', 'anthropic-version': '2023-06-01', 'anthropic-beta': 'a,b', 'openai-organization': 'org-1',
  'http-referer': 'https://example.org/', 'x-title': 'A title', 'x-stainless-lang': 'js', 'idempotency-key': 'once' };
const kStaying = { cookie: 'session=1', 'x-forwarded-for': '10.0.0.1', 'x-real-ip': '10.0.0.1', 'x-api-key': 'another', 'proxy-authorization': 'Basic eA==',
  'cf-connecting-ip': '10.0.0.1', 'x-custom': 'mine', apikey: 'other', referer: 'https://example.org/secret', origin: 'https://example.org' };

test('the headers on the list go up as they came, others do not', async () => {
  assert.equal((await pool.chat({}, { headers: { ...kPassing, ...kStaying } })).status, 200);
  const seen = lastRequest().headers;
  for (const [name, value] of Object.entries(kPassing)) assert.equal(seen[name], value, name);
  for (const name of Object.keys(kStaying)) assert.equal(seen[name], undefined, name);
});

test('a provider\'s own headers go up to that provider only', async () => {
  for (const [provider, value] of [['openrouter', '1'], ['ollama', undefined]]) {
    assert.equal((await pool.chat({}, { provider, headers: { 'x-openrouter-test': '1' } })).status, 200);
    assert.equal(lastRequest().headers['x-openrouter-test'], value);
  }
});

test('a query string passes', async () => {
  assert.equal((await pool.ask('/v1/chat/completions?beta=true&x=%20y', { model: 'm', messages: [] })).status, 200);
  assert.equal(lastRequest().query, '?beta=true&x=%20y');
});

test('the answer says which attempt and which key it came from, by the key\'s public id', async () => {
  const answer = await pool.chat();
  assert.equal(answer.headers.get('x-pool-attempts'), '1');
  assert.match(answer.headers.get('x-pool-key'), /^[0-9a-f]{8}$/);
  assert.equal(answer.headers.get('x-pool-key'), sha256(lastRequest().key).slice(0, 8));
  assert.match(answer.headers.get('x-request-id'), /^[0-9a-f]{16}$/);
});

test('headers of the answer pass, but for hop-by-hop ones, cookies and what names the account', async (t) => {
  const server = createServer((request, response) => request.resume().once('end', () => response.writeHead(200, {
    'content-type': 'application/json', 'x-ratelimit-remaining': '7', 'set-cookie': 'a=b', 'keep-alive': 'timeout=9', 'openai-processing-ms': '12', 'x-request-id': 'theirs' }).end('{"choices":[]}')));
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => pool.restart());
  t.after(() => new Promise((done) => { server.close(done); server.closeAllConnections(); }));
  await pool.restart({ OLLAMA_BASE_URL: `http://127.0.0.1:${server.address().port}` });
  const { headers } = await pool.chat();
  assert.equal(headers.get('openai-processing-ms'), '12');
  assert.equal(headers.get('x-ratelimit-remaining'), '7');
  assert.equal(headers.get('set-cookie'), null);
  assert.match(headers.get('x-request-id'), /^[0-9a-f]{16}$/);
});

test('a compressed answer reaches the client whole', async () => {
  pool.upstream.faults.add({ fault: 'gzip', count: 2 });
  assert.match((await pool.chat()).json().choices[0].message.content, /^This is a practice answer/);
  assert.match((await pool.chat({ stream: true })).text, /data: \[DONE\]\n\n$/);
});

test('STREAM_USAGE=exact: the stream is what the client would have had without, its tokens are exact', async () => {
  await pool.fresh();
  const plain = await pool.chat({ model: 'm-words-40', stream: true });
  await pool.fresh({ ...pool.variables, STREAM_USAGE: 'exact' });
  const exact = await pool.chat({ model: 'm-words-40', stream: true });
  const withoutIds = (text) => text.replace(/"id":"[^"]*"|"created":\d+/g, '');
  assert.equal(withoutIds(exact.text), withoutIds(plain.text));
  const asked = await pool.chat({ model: 'm-words-40', stream: true, stream_options: { include_usage: true } });
  assert.match(asked.text, /"choices":\[\],"usage":\{/);
});

secretsStayIn(pool);
