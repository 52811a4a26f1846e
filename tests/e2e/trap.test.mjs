// An instance of the core that dies: the request that met the trap gets a 500, the next one works, and no count is lost. The worker
// under test is the product; only its Core is led into a real trap, by a stack that is as good as full, when a request asks for it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, pause, secretsStayIn, wholePool } from './support/pool.mjs';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kRoot } from './support/workerd.mjs';

const kTrappingCore = `
import { Core as RealCore } from './real_core.mjs';
export class Core extends RealCore {
  start(request) {
    const at = request.headers.get('x-test-trap-at');
    if (at === '0') this.fillStack();
    const returned = super.start(request);
    if (at !== null) (this.traps ??= new Map()).set(returned.task, Number(at));
    return returned;
  }
  resume(task, outcome) {
    const left = this.traps?.get(task);
    if (left === 1) this.fillStack();
    if (left !== undefined) this.traps.set(task, left - 1);
    return super.resume(task, outcome);
  }
  fillStack() { this.exports.__stack_pointer.value = 64; }
}`;

const kThrowingConversation = `
import { Conversation as RealConversation } from './real_conversation.mjs';
export class Conversation extends RealConversation {
  forward(op) {
    if (this.request.headers.has('x-test-throw')) throw new TypeError('no such answer');
    return super.forward(op);
  }
}`;

const source = (name) => readFileSync(join(kRoot, 'js-shim', name), 'utf8');
const modules = { 'js-shim/core.mjs': kTrappingCore, 'js-shim/real_core.mjs': source('core.mjs'),
  'js-shim/conversation.mjs': kThrowingConversation, 'js-shim/real_conversation.mjs': source('conversation.mjs') };
const pool = wholePool({ modules });
const sent = { requests: 0, success: 0, failure: 0 };

async function served() {
  const answer = await pool.chat();
  assert.equal(answer.status, 200, answer.text);
  sent.requests++;
  sent.success++;
}

async function counted() {
  assert.deepEqual(await pool.counted(sent.requests), sent);
}

const traps = () => (pool.printed + pool.worker.output()).split('"event":"trap"').length - 1;

test('a trap before a key was tried answers 500 once; the next request works, and what was counted before arrives', async () => {
  await served();
  await served();
  for (const at of ['0', '1']) {
    const before = traps();
    const answer = await pool.chat({}, { headers: { 'x-test-trap-at': at } });
    assert.equal(answer.status, 500);
    assert.equal(typeof answer.json().error.message, 'string');
    await served();
    assert.equal(traps(), before + 1);
  }
  await counted();
});

test('a trap while the provider answers is a 500, and the request is counted as failed, once', async () => {
  await served();
  const answer = await pool.chat({}, { headers: { 'x-test-trap-at': '2' } });
  assert.equal(answer.status, 500);
  sent.requests++;
  sent.failure++;
  await served();
  await counted();
  await pause(2000);
  await counted();
});

test('requests that are suspended when another one traps end with an error, not with silence', async () => {
  await served();
  pool.upstream.faults.add({ fault: 'slow_first_byte', delay_ms: 600, count: 5 });
  const suspended = Array.from({ length: 5 }, () => pool.chat());
  await pause(250);
  assert.equal((await pool.chat({}, { headers: { 'x-test-trap-at': '0' } })).status, 500);
  for (const answer of await Promise.all(suspended)) assert.ok(answer.status === 500 || answer.status === 503, String(answer.status));
  sent.requests += 5;
  sent.failure += 5;
  await served();
  await counted();
});

test('a stream that is under way when the instance dies is ended, and counted', async () => {
  await served();
  pool.upstream.settings.word_delay_ms = 40;
  const streaming = pool.chat({ model: 'm-words-40', stream: true });
  await eventually(() => (pool.upstream.requests.list().at(-1).events_sent > 5 ? true : undefined), 'the stream to begin');
  assert.equal((await pool.chat({}, { headers: { 'x-test-trap-at': '0' } })).status, 500);
  const answer = await streaming;
  assert.equal(answer.status, 200);
  assert.match(answer.text, /word-5 /);
  pool.upstream.settings.word_delay_ms = 0;
  sent.requests++;
  sent.success++;
  await served();
  await counted();
});

test('a stream that the pool itself writes piece by piece is cut when the instance dies, so that nobody takes it for whole', async () => {
  await pool.fresh({ STREAM_USAGE: 'exact' });
  pool.upstream.settings.word_delay_ms = 40;
  const streaming = pool.chat({ model: 'm-words-40', stream: true });
  const broken = assert.rejects(streaming);
  await eventually(() => (pool.upstream.requests.list().at(-1)?.events_sent > 5 ? true : undefined), 'the stream to begin');
  assert.equal((await pool.chat({}, { headers: { 'x-test-trap-at': '0' } })).status, 500);
  await broken;
  await eventually(() => (pool.upstream.requests.list()[0].outcome === 'aborted' ? true : undefined), 'the upstream to be stopped');
  pool.upstream.settings.word_delay_ms = 0;
  sent.requests++;
  sent.success++;
  await served();
  await counted();
});

test('an operation that cannot be performed ends its request alone: a 500, counted once, the key free, the instance alive', async () => {
  await pool.fresh();
  const before = traps();
  for (let i = 0; i < 20; i++) {
    const answer = await pool.chat({}, { headers: { 'x-test-throw': 'yes' } });
    assert.equal(answer.status, 500);
    assert.ok(answer.headers.get('x-request-id'));
    sent.requests++;
    sent.failure++;
  }
  await served();
  await counted();
  assert.equal(traps(), before);
});

test('trap after trap, the pool comes back each time', async () => {
  for (let i = 0; i < 10; ++i) assert.equal((await pool.chat({}, { headers: { 'x-test-trap-at': '0' } })).status, 500);
  await served();
  await counted();
});

secretsStayIn(pool);
