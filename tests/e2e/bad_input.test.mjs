// What clients send that they should not: each is refused in words that help, in the dialect of the route, and nothing is counted.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { secretsStayIn, wholePool } from './support/pool.mjs';

const pool = wholePool({ variables: { MAX_BODY_BYTES: '100000' } });
const kMessages = [{ role: 'user', content: 'x' }];

/** Sends bytes as they are over a connection of its own; answers all that came back. */
function raw(text) {
  const { hostname, port } = new URL(pool.worker.url);
  return new Promise((done) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.setEncoding('utf8').on('data', (piece) => { answer += piece; });
    socket.on('error', () => done(answer)).on('close', () => done(answer));
    socket.setTimeout(5000, () => socket.destroy());
  });
}

test('bad JSON is a 400 that names the byte', async () => {
  for (const [body, byte] of [['{"model":"m",}', 13], ['', 0], ['{"model":"m","messages":[}', 25], ['{"model":"m"} x', 14], ['{"model":"m","a":01}', 18], ['["model"]', 0]]) {
    const answer = await pool.ask('/v1/chat/completions', body, { method: 'POST' });
    assert.equal(answer.status, 400, body);
    const { error } = answer.json();
    assert.equal(error.type, 'invalid_request_error');
    if (!body.startsWith('[')) assert.match(error.message, new RegExp(`byte ${byte}\\b`), `${body}: ${error.message}`);
  }
});

test('a body without a model is a 400 that says so, in each dialect', async () => {
  for (const body of [{ messages: kMessages }, { model: '', messages: kMessages }, { model: 7 }, { model: null }]) {
    const openai = await pool.ask('/v1/chat/completions', body);
    assert.equal(openai.status, 400);
    assert.equal(openai.json().error.param, 'model');
  }
  const anthropic = (await pool.ask('/v1/messages', { messages: kMessages })).json();
  assert.deepEqual([anthropic.type, anthropic.error.type], ['error', 'invalid_request_error']);
  assert.equal(typeof (await pool.ask('/api/chat', { messages: kMessages })).json().error, 'string');
});

test('a wrong method is a 405 with Allow', async () => {
  for (const [path, method, allow] of [['/v1/chat/completions', 'GET', 'POST'], ['/v1/models', 'POST', 'GET'], ['/api/tags', 'DELETE', 'GET'], ['/health', 'POST', 'GET'],
    ['/admin/api-keys/import', 'GET', 'POST'], ['/admin/tokens', 'PUT', 'GET, POST, DELETE']]) {
    const answer = await pool.ask(path, undefined, { method });
    assert.equal(answer.status, 405, path);
    assert.equal(answer.headers.get('allow'), allow);
  }
});

test('an unknown path is a JSON 404', async () => {
  for (const path of ['/v1/chat', '/nothing', '/v2/chat/completions', '/admin/nothing', '/openrouter/api/chat', '/nobody/v1/chat/completions', '/v1/chat/completions/', '/..%2f..%2fadmin']) {
    const answer = await pool.ask(path, {});
    assert.equal(answer.status, 404, path);
    assert.ok(answer.json().error, path);
  }
});

test('no token, a wrong one and an expired one are 401 that say which', async () => {
  await pool.addToken('ollama', 'expired-token', { expires_ms: Date.now() - 1000 });
  for (const [token, code] of [[null, 'missing_token'], ['wrong', 'invalid_token'], ['expired-token', 'expired_token'], [pool.tokens.openrouter, 'invalid_token'], [pool.keys.ollama[0], 'invalid_token'],
    ['x'.repeat(600), 'invalid_token']]) {
    const answer = await pool.chat({}, { token });
    assert.equal(answer.status, 401, String(token));
    assert.equal(answer.json().error.code, code);
  }
  assert.equal((await pool.ask('/v1/models', undefined, { token: 'wrong' })).status, 401);
});

test('a body at the limit passes, one byte more is a 413, announced or not', async () => {
  const body = (size) => {
    const frame = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: '' }] });
    return frame.replace('""', `"${'x'.repeat(size - frame.length)}"`);
  };
  assert.equal((await pool.ask('/v1/chat/completions', body(100_000))).status, 200);
  assert.equal((await pool.ask('/v1/chat/completions', body(100_001))).status, 413);
  const stream = (text) => new ReadableStream({ start(controller) { controller.enqueue(new TextEncoder().encode(text)); controller.close(); } });
  const unannounced = async (size) => (await pool.fetch('/v1/chat/completions', { method: 'POST', body: stream(body(size)), duplex: 'half', headers: { authorization: `Bearer ${pool.tokens.ollama}` } })).status;
  assert.equal(await unannounced(100_000), 200);
  assert.equal(await unannounced(100_001), 413);
});

test('header bombs are refused and the worker lives on', async () => {
  const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${pool.tokens.ollama}\r\nContent-Length: 2\r\n`;
  const many = Array.from({ length: 400 }, (_, i) => `X-Many-${i}: ${i}\r\n`).join('');
  assert.match(await raw(`${head}${many}\r\n{}`), /^HTTP\/1\.1 4\d\d /);
  assert.match(await raw(`${head}X-Large: ${'x'.repeat(70_000)}\r\n\r\n{}`), /^HTTP\/1\.1 4\d\d |^$/);
  assert.match(await raw(`GET /${'x'.repeat(9000)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`), /^HTTP\/1\.1 4\d\d /);
  assert.equal((await pool.chat()).status, 200);
});

test('deeply nested JSON is refused or passed, never fatal', async () => {
  const deep = `{"model":"m","messages":${'['.repeat(40_000)}${']'.repeat(40_000)}}`;
  assert.ok([200, 400].includes((await pool.ask('/v1/chat/completions', deep)).status));
  assert.equal((await pool.admin('/admin/tokens', `{"name":${'['.repeat(40_000)}${']'.repeat(40_000)}}`, { method: 'POST' })).status, 400);
  assert.doesNotMatch(pool.worker.output(), /"trap"/);
});

test('OPTIONS is a 204: for everybody on proxy and public routes, for nobody else on admin routes', async () => {
  const preflight = (path) => pool.ask(path, undefined, { method: 'OPTIONS', token: null, headers: { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization, x-custom' } });
  for (const path of ['/v1/chat/completions', '/openrouter/v1/models', '/api/chat', '/admin/public-stats', '/health']) {
    const answer = await preflight(path);
    assert.equal(answer.status, 204, path);
    assert.equal(answer.headers.get('access-control-allow-origin'), '*');
    assert.match(answer.headers.get('access-control-allow-headers'), /x-custom/);
  }
  const admin = await preflight('/admin/api-keys');
  assert.equal(admin.status, 204);
  assert.equal(admin.headers.get('access-control-allow-origin'), null);
  const answer = await pool.chat({}, { headers: { origin: 'https://elsewhere.example' } });
  assert.equal(answer.headers.get('access-control-allow-origin'), '*');
});

test('every error of ours carries x-request-id', async () => {
  const answers = [await pool.ask('/nothing'), await pool.chat({}, { token: 'wrong' }), await pool.ask('/v1/chat/completions', '{'), await pool.ask('/health', {})];
  for (const answer of answers) assert.match(answer.headers.get('x-request-id'), /^[0-9a-f]{16}$/);
});

test('a flood of unknown tokens stays away from the database', async () => {
  await pool.chat();
  pool.gate.calls.length = 0;
  const statuses = await Promise.all(Array.from({ length: 300 }, async (_, i) => (await pool.chat({}, { token: `unknown-${i}` })).status));
  assert.ok(statuses.every((status) => status === 401 || status === 429));
  assert.ok(pool.gate.count('pool_token') < 150, `${pool.gate.count('pool_token')} look-ups`);
  assert.equal((await pool.chat()).status, 200);
});

test('nothing of all this was counted but what reached a key', async () => {
  const reached = pool.upstream.requests.list().filter((record) => record.path !== '/v1/models').length;
  const { requests } = await pool.counted(reached);
  assert.equal(requests, reached);
});

secretsStayIn(pool);
