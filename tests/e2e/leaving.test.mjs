// Clients that hang up and upstreams that die: the other side is told, and the request is counted all the same.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { leaveInTheMiddle } from './support/leaving_client.mjs';
import { eventually, pause, secretsStayIn, wholePool } from './support/pool.mjs';

const pool = wholePool({ variables: { IDLE_TIMEOUT_MS: '600' } });
const kMessages = [{ role: 'user', content: 'hello' }];
let sent = { requests: 0, success: 0, failure: 0 };

async function counts(more) {
  sent = { requests: sent.requests + 1, success: sent.success + (more.success ?? 0), failure: sent.failure + (more.failure ?? 0) };
  assert.deepEqual(await pool.counted(sent.requests), sent);
}

const isEnded = () => {
  const last = pool.upstream.requests.list().at(-1);
  return last.outcome === 'open' ? undefined : last;
};

test('a client that hangs up in mid-stream ends the upstream request, and is counted once', async () => {
  const body = { model: 'slow-words-400', stream: true, messages: kMessages };
  pool.upstream.settings.word_delay_ms = 50;
  const seen = await leaveInTheMiddle(`${pool.worker.url}/v1/chat/completions`, { token: pool.tokens.ollama, body, leaves: (text) => text.includes('word-3') });
  assert.match(seen, /word-1/);
  const record = await eventually(isEnded, 'the upstream request to end');
  assert.equal(record.outcome, 'aborted');
  assert.ok(record.events_sent < 200, `${record.events_sent} events were sent`);
  await counts({ success: 1 });
});

test('a client that hangs up before the answer begins ends the upstream request, and is counted once', async () => {
  pool.upstream.faults.add({ fault: 'stall', count: 1 });
  await leaveInTheMiddle(`${pool.worker.url}/v1/chat/completions`, { token: pool.tokens.ollama, body: { model: 'm', messages: kMessages }, after_ms: 300 });
  const record = await eventually(isEnded, 'the upstream request to end');
  assert.equal(record.outcome, 'aborted');
  await counts({ failure: 1 });
  assert.equal(pool.upstream.requests.list({ model: 'm' }).length, 1);
});

test('many clients that hang up at random moments are all counted, and no key stays occupied', async () => {
  pool.upstream.settings.word_delay_ms = 10;
  const body = { model: 'left-words-60', stream: true, messages: kMessages };
  const before = pool.upstream.requests.list().length;
  await Promise.all(Array.from({ length: 40 }, (_, i) => leaveInTheMiddle(`${pool.worker.url}/v1/chat/completions`, { token: pool.tokens.ollama, body, after_ms: 20 + 9 * i })));
  const records = await eventually(() => {
    const made = pool.upstream.requests.list().slice(before);
    return made.length > 0 && made.every((record) => record.outcome !== 'open') ? made : undefined;
  }, 'all upstream requests to end');
  assert.ok(records.every((record) => record.outcome === 'aborted' || record.outcome === 'succeeded'));
  // A client may leave when a key is chosen and nothing has gone up yet: counted, though the upstream never saw it.
  await pool.counted(sent.requests + records.length);
  await pause(2500);
  const told = await pool.counted(sent.requests + records.length);
  assert.ok(told.requests <= sent.requests + 40, `${told.requests} counted`);
  assert.equal(told.success + told.failure, told.requests);
  sent = told;
  pool.upstream.settings.word_delay_ms = 0;
  assert.equal((await pool.chat()).status, 200);
  await counts({ success: 1 });
});

test('an upstream that dies in mid-stream: the client gets its dialect\'s error event, and the request counts as failed', async () => {
  const dialects = [
    ['/v1/chat/completions', /data: \{"error":\{.*\}\}\n\n(data: \[DONE\]\n\n)?$/],
    ['/v1/responses', /data: \{.*"error".*\}\n\n$/],
    ['/v1/messages', /event: error\ndata: \{"type":"error","error":\{.*\}\}\n\n$/],
    ['/api/chat', /\n\{"error":".*"\}\n$/],
  ];
  for (const [path, ending] of dialects) {
    for (const fault of ['reset_after', 'truncated_after', 'stall_after']) {
      await pool.fresh();
      pool.upstream.faults.add({ fault, after_events: 3, count: 1 });
      const answer = await pool.ask(path, { model: 'm-words-30', max_tokens: 100, stream: true, messages: kMessages, input: 'x' });
      assert.equal(answer.status, 200);
      assert.match(answer.text, ending, `${path} ${fault}`);
      await counts({ failure: 1 });
    }
  }
});

test('an error that the upstream itself sends in mid-stream passes as it came, once, and counts as failed', async () => {
  await pool.fresh();
  pool.upstream.faults.add({ fault: 'error_mid_stream_after', after_events: 3, count: 1 });
  const answer = await pool.chat({ model: 'm-words-30', stream: true });
  assert.equal(answer.text.match(/"error"/g).length, 1);
  await counts({ failure: 1 });
});

test('a client that sends half a body and resets harms nobody', async () => {
  const { hostname, port } = new URL(pool.worker.url);
  const socket = connect(Number(port), hostname);
  await new Promise((done) => socket.once('connect', done));
  socket.on('error', () => {});
  socket.write(`POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${pool.tokens.ollama}\r\nContent-Length: 1000\r\n\r\n{"model":"m",`);
  await pause(100);
  socket.resetAndDestroy();
  assert.equal((await pool.chat()).status, 200);
  await counts({ success: 1 });
});

test('64 streams at once all arrive whole, and are counted', async () => {
  pool.upstream.settings.word_delay_ms = 5;
  const answers = await Promise.all(Array.from({ length: 64 }, (_, i) => pool.chat({ model: 'many-words-40', stream: true, messages: [{ role: 'user', content: `${i}` }] })));
  pool.upstream.settings.word_delay_ms = 0;
  for (const answer of answers) {
    assert.equal(answer.status, 200);
    assert.match(answer.text, /word-40/);
    assert.match(answer.text, /data: \[DONE\]\n\n$/);
  }
  sent = { ...sent, requests: sent.requests + 64, success: sent.success + 64 };
  assert.deepEqual(await pool.counted(sent.requests), sent);
  await pause(1500);
  assert.deepEqual(await pool.counted(sent.requests), sent);
});

test('each event of a stream reaches the client as it is sent, not at the end', async () => {
  pool.upstream.faults.add({ fault: 'stall_after', after_events: 2, count: 1 });
  const response = await pool.fetch('/v1/chat/completions', { method: 'POST', headers: { authorization: `Bearer ${pool.tokens.ollama}` },
    body: JSON.stringify({ model: 'm-words-9', stream: true, messages: kMessages }) });
  // The upstream is silent after two events: what can be read now was passed on at once.
  const { value } = await response.body.getReader().read();
  assert.match(Buffer.from(value).toString(), /word-1/);
});

secretsStayIn(pool);
