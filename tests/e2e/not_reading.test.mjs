// Clients that stay connected and do not read: they hold nobody up, their requests are counted, and in the end they are let go of.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { secretsStayIn, wholePool } from './support/pool.mjs';

const kFitsInSockets = 200;        // words
const kMoreThanSocketsHold = 150_000; // words: 38 MB
const pool = wholePool({ variables: { REQUEST_TIMEOUT_MS: '8000' } });

/** Sends a streamed chat and reads nothing of the answer; answers the socket, and when it has been closed by the other side. */
async function askAndNotRead(words) {
  const { hostname, port } = new URL(pool.worker.url);
  const socket = connect(Number(port), hostname);
  await new Promise((done) => socket.once('connect', done));
  socket.on('error', () => {});
  socket.pause();
  const body = JSON.stringify({ model: `m-words-${words}`, stream: true, messages: [{ role: 'user', content: 'hello' }] });
  socket.write(`POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${pool.tokens.ollama}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  return socket;
}

test('a stream that has ended is counted although its client has not read it', async () => {
  const socket = await askAndNotRead(kFitsInSockets);
  assert.deepEqual(await pool.counted(1), { requests: 1, success: 1, failure: 0 });
  socket.destroy();
});

test('a stream that its client holds back is ended by the time for the whole request, counted, and blames no key; others are served meanwhile', async () => {
  await pool.fresh();
  const before = await pool.counted(0);
  const sockets = await Promise.all(Array.from({ length: 2 }, () => askAndNotRead(kMoreThanSocketsHold)));
  for (let i = 0; i < 5; i++) assert.equal((await pool.chat()).status, 200);
  const told = await pool.counted(before.requests + 7);
  assert.deepEqual(told, { requests: before.requests + 7, success: before.success + 5, failure: before.failure + 2 });
  const last = pool.upstream.requests.list({ model: `m-words-${kMoreThanSocketsHold}` });
  assert.ok(last.every((record) => record.outcome === 'aborted'), JSON.stringify(last.map((record) => record.outcome)));
  const { api_keys: keys } = (await pool.admin('/admin/api-keys')).json();
  assert.deepEqual(keys.map((key) => key.status), ['active', 'active', 'active']);
  for (const socket of sockets) socket.destroy();
  assert.equal((await pool.chat()).status, 200);
});

secretsStayIn(pool);
