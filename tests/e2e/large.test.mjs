// Large bodies and large answers, one by one and more at once than the instance has memory for.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { test } from 'node:test';
import { secretsStayIn, wholePool } from './support/pool.mjs';

const pool = wholePool();
const kLimit = 25 * 1024 * 1024;
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

function bodyOf(size) {
  const [head, tail] = ['{"model":"m","messages":[{"role":"user","content":"', '"}]}'];
  return Buffer.concat([Buffer.from(head), Buffer.alloc(size - head.length - tail.length, 'x'), Buffer.from(tail)]);
}

const post = async (body) => {
  const response = await pool.fetch('/v1/embeddings', { method: 'POST', body, headers: { authorization: `Bearer ${pool.tokens.ollama}` } });
  await response.arrayBuffer();
  return response.status;
};

/** The status for a body that is announced and not sent: one that is sent all the same meets a closed connection. */
function announced(size) {
  return new Promise((done, failed) => {
    const request = httpRequest(`${pool.worker.url}/v1/chat/completions`, { method: 'POST', agent: false, headers: { authorization: `Bearer ${pool.tokens.ollama}`, 'content-length': size } });
    request.on('error', failed).on('response', (response) => {
      done(response.statusCode);
      request.destroy();
    });
    request.flushHeaders();
  });
}

test('a body of 25 MiB goes up byte for byte, one byte more is a 413', async () => {
  const body = bodyOf(kLimit);
  await post(body);
  assert.equal(pool.upstream.requests.list().at(-1).body_sha256, sha256(body));
  const before = pool.upstream.requests.list().length;
  assert.equal(await announced(kLimit + 1), 413);
  assert.equal(pool.upstream.requests.list().length, before);
});

test('more bodies at once than the instance has memory for: each is served or refused, and nothing dies', async () => {
  const body = bodyOf(20 * 1024 * 1024);
  const before = pool.upstream.requests.list().length;
  const statuses = await Promise.all(Array.from({ length: 6 }, () => post(body)));
  assert.ok(statuses.every((status) => [400, 413].includes(status)), statuses.join());
  for (const record of pool.upstream.requests.list().slice(before)) assert.equal(record.body_sha256, sha256(body));
  assert.equal((await pool.chat()).status, 200);
  assert.doesNotMatch(pool.worker.output(), /"trap"/);
});

for (const stream of [false, true]) {
  test(`an answer of ten megabytes passes whole, ${stream ? 'in one event of a stream' : 'not streamed'}`, async () => {
    pool.upstream.faults.add({ fault: 'huge_event', count: 1 });
    const answer = await pool.chat({ stream });
    assert.equal(answer.status, 200);
    assert.ok(answer.text.includes('x'.repeat(10_000_000)));
    assert.ok(stream ? answer.text.endsWith('data: [DONE]\n\n') : answer.json().choices.length === 1);
  });
}

secretsStayIn(pool);
