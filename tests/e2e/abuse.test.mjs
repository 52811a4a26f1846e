// What an attacker sends: bodies that never end, requests that mean two things, paths and headers that would lead elsewhere, floods of
// tokens, text that would be a line of the log. Others are served meanwhile, nothing leads anywhere but to the provider, nothing leaks.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { pause, secretsStayIn, wholePool } from './support/pool.mjs';

const pool = wholePool();
const kBody = '{"model":"m","messages":[{"role":"user","content":"x"}]}';
const kLoris = 200;
const kFlood = 3_000;
const kMostLookUps = 400; // the ration: a burst of 50 and two a second; the flood may take a while

let elsewhere;
let strayed = 0;

before(async () => {
  elsewhere = createServer((request, response) => {
    strayed++;
    response.end('{}');
  });
  await new Promise((done) => elsewhere.listen(0, '127.0.0.1', done));
});
after(() => new Promise((done) => elsewhere.close(done)));

function open() {
  const { hostname, port } = new URL(pool.worker.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  return new Promise((done) => socket.once('connect', () => done(socket)));
}

/** Sends bytes as they are; answers what came back until the connection closed, or for two seconds. */
async function raw(text) {
  const socket = await open();
  let answer = '';
  socket.setEncoding('latin1').on('data', (piece) => { answer += piece; });
  socket.write(Buffer.from(text, 'latin1'));
  await Promise.race([new Promise((done) => socket.once('close', done)), pause(2000)]);
  socket.destroy();
  return answer;
}

const authorized = () => `Host: x\r\nAuthorization: Bearer ${pool.tokens.ollama}\r\nContent-Type: application/json\r\n`;
const served = async () => assert.equal((await pool.chat()).status, 200);
const upstreamBodies = () => pool.upstream.requests.list().map((record) => record.body_bytes);

test('bodies that dribble in on two hundred connections keep nobody else waiting, and reach no key', async () => {
  await served();
  const seen = pool.upstream.requests.list().length;
  const sockets = await Promise.all(Array.from({ length: kLoris }, open));
  for (const socket of sockets) socket.write(`POST /v1/chat/completions HTTP/1.1\r\n${authorized()}Content-Length: 1000\r\n\r\n{`);
  for (let i = 0; i < 5; i++) {
    for (const socket of sockets) socket.write(' ');
    await served();
  }
  for (const socket of sockets) socket.resetAndDestroy();
  assert.equal(pool.upstream.requests.list().length, seen + 5);
  await served();
});

test('heads that dribble in do not either', async () => {
  const sockets = await Promise.all(Array.from({ length: kLoris }, open));
  for (const socket of sockets) socket.write('POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nX-A');
  await served();
  for (const socket of sockets) socket.resetAndDestroy();
  await served();
});

test('a request that says its length twice, or in two ways, is never taken for two requests', async () => {
  const inner = `POST /v1/chat/completions HTTP/1.1\r\n${authorized()}Content-Length: ${kBody.length}\r\n\r\n${kBody}`;
  const ways = [
    `POST /v1/chat/completions HTTP/1.1\r\n${authorized()}Content-Length: ${kBody.length}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n${inner}`,
    `POST /v1/chat/completions HTTP/1.1\r\n${authorized()}Content-Length: ${kBody.length}\r\nContent-Length: 5\r\nConnection: close\r\n\r\n${kBody}${inner}`,
    `POST /v1/chat/completions HTTP/1.1\r\n${authorized()}Transfer-Encoding: xchunked\r\nConnection: close\r\n\r\n${kBody}`,
    `POST /v1/chat/completions HTTP/1.1\r\n${authorized()}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n${kBody}\r\n0\r\n\r\n`,
    `POST /v1/chat/completions HTTP/1.1\r\n${authorized()}Content-Length: -1\r\nConnection: close\r\n\r\n${kBody}`,
  ];
  for (const way of ways) {
    const before = upstreamBodies().length;
    const answer = await raw(way);
    const more = upstreamBodies().slice(before);
    assert.ok(more.length <= 1 && more.every((bytes) => bytes === kBody.length), `${JSON.stringify(way.slice(0, 300))}: ${more} after ${answer.slice(0, 100)}`);
    assert.ok((answer.match(/HTTP\/1\.1 200/g) ?? []).length <= 1);
  }
  await served();
});

test('control characters in a path or a header are refused or stay where they are; no header of theirs comes up', async () => {
  for (const head of [`POST /v1/chat/completions%0d%0aX-Injected:%20yes HTTP/1.1\r\n${authorized()}`, `POST /v1/chat/completions?x=%0d%0aX-Injected:%20yes HTTP/1.1\r\n${authorized()}`,
    `POST /v1/chat/completions HTTP/1.1\r\n${authorized()}X-Title: a\rX-Injected: yes\r\n`, `POST /v1/chat/completions HTTP/1.1\r\n${authorized()}X-Title: a\0b\r\n`,
    `POST /v1/chat/completions HTTP/1.1\r\n${authorized()}X-Title: a\r\n X-Injected: yes\r\n`, `POST /v1/chat/completions HTTP/1.1\r\n${authorized()}OpenAI-\xff: a\r\n`]) {
    const before = pool.upstream.requests.list().length;
    await raw(`${head}Content-Length: ${kBody.length}\r\nConnection: close\r\n\r\n${kBody}`);
    for (const record of pool.upstream.requests.list().slice(before)) {
      assert.equal(record.path, '/v1/chat/completions');
      assert.equal(record.headers['x-injected'], undefined);
    }
  }
  await served();
});

test('nothing that a client sends makes the pool call another host', async () => {
  const other = `127.0.0.1:${elsewhere.address().port}`;
  const headers = { 'x-forwarded-host': other, 'x-forwarded-for': other, forwarded: `host=${other}`, 'x-original-url': `http://${other}/`, 'x-rewrite-url': `http://${other}/`, 'x-upstream': `http://${other}`,
    'openai-base-url': `http://${other}`, 'http-referer': `http://${other}/`, 'anthropic-base-url': `http://${other}` };
  assert.equal((await pool.chat({ base_url: `http://${other}`, api_base: `http://${other}`, callback: `http://${other}` }, { headers })).status, 200);
  for (const path of [`//${other}/v1/chat/completions`, `/http://${other}/v1/chat/completions`, `/v1/chat/completions@${other}`, `/v1/models/@${other}`, `/v1/models/..%2f..%2f${other}`,
    `/v1/models/%2e%2e/%2e%2e/api/keys`, `/ollama//${other}/v1/models`, `/v1/models/?url=http://${other}`, '/v1/models/..\\..\\api', '/v1/models/..\\keys', '/v1/models/x%2f..%2f..%2fkeys', '/openrouter/v1/models/..\\keys']) {
    await raw(`GET ${path} HTTP/1.1\r\n${authorized()}Connection: close\r\n\r\n`);
    await raw(`POST ${path} HTTP/1.1\r\n${authorized()}Content-Length: ${kBody.length}\r\nConnection: close\r\n\r\n${kBody}`);
  }
  await raw(`GET http://${other}/v1/models HTTP/1.1\r\n${authorized()}Connection: close\r\n\r\n`);
  await raw(`CONNECT ${other} HTTP/1.1\r\n${authorized()}\r\n`);
  assert.equal(strayed, 0);
  // What went up went where requests go, and never above the provider's own routes.
  const paths = new Set(pool.upstream.requests.list().map((record) => record.path));
  for (const path of paths) assert.match(path, /^(\/api)?\/v1\/(chat\/completions|models|models\/.+)$/, path);
  await served();
});

test('a redirect of the upstream is not followed', async () => {
  pool.upstream.faults.add({ fault: 'status', status: 302, headers: { location: `http://127.0.0.1:${elsewhere.address().port}/` }, body: {}, count: 1 });
  await pool.chat();
  assert.equal(strayed, 0);
});

test('three thousand unknown tokens in a flood cost the database a ration, and known ones are served meanwhile', async () => {
  await served();
  pool.gate.calls.length = 0;
  const statuses = new Set();
  for (let sent = 0; sent < kFlood; sent += 100) {
    const flood = Array.from({ length: 100 }, async (_, i) => statuses.add((await pool.chat({}, { token: `flood-${sent + i}` })).status));
    await served();
    await Promise.all(flood);
  }
  assert.deepEqual([...statuses].filter((status) => status !== 401 && status !== 429), []);
  assert.ok(pool.gate.count('pool_token') <= kMostLookUps, `${pool.gate.count('pool_token')} look-ups`);
});

test('what clients send never becomes a line of the log, nor a part of one', async () => {
  const line = '{"event":"injected"}';
  const nasty = `\n${line}\n\r\n\u001b[31mred\u001b[0m${'long '.repeat(2000)}`;
  pool.upstream.faults.add({ fault: '500', count: 6 });
  await pool.chat({ model: nasty });
  await pool.chat({ messages: [{ role: 'user', content: nasty }] });
  await pool.chat({}, { token: nasty.replaceAll(/[^ -~]/g, '') });
  await pool.ask(`/v1/models/${encodeURIComponent(nasty.slice(0, 500))}`);
  await pool.admin('/admin/tokens', { name: nasty.slice(0, 200) });
  const lines = (pool.printed + pool.worker.output()).split('\n');
  assert.ok(!lines.some((each) => each.startsWith(line)));
  for (const each of lines) {
    assert.ok(each.length <= 4096, `${each.length} bytes in one line`);
    assert.ok(!each.includes('\u001b'));
  }
});

secretsStayIn(pool);
