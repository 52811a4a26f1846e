// Clients that ask and never read what they are answered: others are served meanwhile, their upstream requests are held back rather than
// read into memory, and when they go they are counted. (That such a client is sent away in the end: not_reading.test.mjs.)
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import { eventually, pause, secretsStayIn, wholePool } from './support/pool.mjs';

const pool = wholePool();
const kReaders = 10;
const kServed = 20;
const kStreamBytes = 32 << 20;   // more than the sockets on the way hold (two of up to 10 MB each)
const kWholeBytes = 3 << 20;     // of an answer that is read whole first
const kHeld_ms = 1_500;
const kMostGrowth_mb = 200;      // less than the streams together

const memory_mb = () => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pool.worker.pid}/status`, 'utf8'))[1]) / 1024;
const served = async () => { for (let i = 0; i < kServed; i++) assert.equal((await pool.chat()).status, 200); };

/** Sends the request, reads nothing of the answer. */
async function openReader(members) {
  const { hostname, port } = new URL(pool.worker.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {}).pause();
  await new Promise((done) => socket.once('connect', done));
  const body = JSON.stringify({ messages: [{ role: 'user', content: 'hello' }], ...members });
  socket.write(`POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${pool.tokens.ollama}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  return socket;
}

let sent = 0;

/** So many clients that read nothing of such an answer; `whileHeld(records)` is called with the provider's records of them before they go. */
async function neverRead(members, whileHeld) {
  const records = () => pool.upstream.requests.list({ model: members.model });
  await served();
  const before_mb = memory_mb();
  const sockets = await Promise.all(Array.from({ length: kReaders }, () => openReader(members)));
  await eventually(() => (records().length === kReaders ? true : undefined), 'all requests to go up');
  await pause(kHeld_ms);
  await served();
  whileHeld(records(), memory_mb() - before_mb);
  for (const socket of sockets) socket.resetAndDestroy();
  await eventually(() => (records().every(({ outcome }) => outcome !== 'open') ? true : undefined), 'the upstream requests to end');
  await served();
  sent += 3 * kServed + kReaders;
  const told = await pool.counted(sent);
  assert.equal(told.requests, sent);
  assert.equal(told.success + told.failure, sent);
}

test('streams that nobody reads are held back at the provider, keep nobody waiting, and are counted once when the clients go', async () => {
  pool.upstream.faults.add({ fault: 'huge_event', bytes: kStreamBytes, match: { model: 'unread-stream' } });
  await neverRead({ model: 'unread-stream', stream: true }, (records, grown_mb) => {
    assert.ok(records.every(({ outcome }) => outcome === 'open'), JSON.stringify(records.map(({ outcome }) => outcome)));
    assert.ok(grown_mb < kMostGrowth_mb, `the worker holds ${grown_mb.toFixed(0)} MB more`);
  });
});

test('whole answers that nobody reads keep nobody waiting, and are counted once', async () => {
  pool.upstream.faults.add({ fault: 'huge_event', bytes: kWholeBytes, match: { model: 'unread-whole' } });
  await neverRead({ model: 'unread-whole' }, () => {});
});

secretsStayIn(pool);
