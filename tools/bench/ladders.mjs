// What each thing that a pool must do costs, one on top of the other: plain JavaScript workers that do a little more from rung to rung, from
// the bare pass-through up to edgepool itself. The rungs count nothing and decide nothing; they touch the platform as the pool has to,
// so that what is left between the last of them and edgepool is edgepool's own.
import { load } from './load.mjs';
import { startPlain, startPool } from './targets.mjs';
import { kLeastWork, kPassThrough } from './plain_workers.mjs';
import { median } from './throughput.mjs';

const kBodyBytes = 1024;
const kConcurrency = 32;

const kForwarding = `
const forward = (request, variables, body, more = {}) => {
  const headers = new Headers(request.headers);
  headers.set('authorization', 'Bearer ' + variables.KEY);
  return fetch(variables.UPSTREAM + new URL(request.url).pathname, { method: request.method, headers, body, redirect: 'manual', ...more });
};
const removed = ['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding', 'upgrade',
  'content-length', 'content-encoding', 'set-cookie', 'alt-svc', 'server', 'cf-ray', 'cf-cache-status', 'via'];
const set = { 'x-request-id': '0123456789ab', 'access-control-allow-origin': '*', 'access-control-expose-headers': 'x-request-id, x-pool-key',
  'x-pool-attempts': '1', 'x-pool-key': '01234567', 'x-content-type-options': 'nosniff' };
const encoder = new TextEncoder();
`;

const kLine = `JSON.stringify({ event: 'request', id: '0123456789ab', method: 'POST', route: '/v1/chat/completions', provider: 'ollama', dialect: 'openai', status: 200, outcome: 'success',
  model: 'gpt-oss:20b', token: '01234567', attempts: 1, key: '0123456789abcdef', prompt_tokens: 25, completion_tokens: 180, cost_nano: 0, first_byte_ms: 3, duration_ms: 3 })`;

/** A worker that answers whole; each rung has what the ones before it have. */
function plainRung(rung) {
  const from = (number, text) => (rung >= number ? text : '');
  return `${kForwarding}
async function work(request, variables) {
  ${from(2, `let gone = false; request.signal.addEventListener('abort', () => { gone = true; }); const controller = new AbortController();`)}
  ${from(4, `let wire = request.method + request.url; request.headers.forEach((value, name) => { wire += name + ' ' + value + ' '; }); encoder.encode(wire);`)}
  ${from(3, 'const timer = setTimeout(() => {}, 60000);')}
  const body = new Uint8Array(await request.arrayBuffer());
  const answer = await forward(request, variables, body, ${from(2, '{ signal: controller.signal }')});
  const data = await answer.arrayBuffer();
  const response = new Response(data, { status: answer.status, headers: answer.headers });
  ${from(5, 'for (const name of removed) response.headers.delete(name); for (const [name, value] of Object.entries(set)) response.headers.set(name, value);')}
  ${from(3, 'clearTimeout(timer);')}
  ${from(6, `console.log(${kLine});`)}
  return response;
}
export default {
  fetch(request, variables, context) {
    const answer = work(request, variables);
    ${from(2, 'context.waitUntil(answer);')}
    return answer;
  },
};`;
}

/**
 * A worker that forwards a stream: 1 = something can be written behind it, nobody looks, 2 = a copy is looked at four times a second, 3 = both,
 * 4 = every piece is touched.
 */
function streamRung(rung) {
  const identity = `const { readable, writable } = new IdentityTransformStream();`;
  const close = `passed.then(() => writable.getWriter().close())`;
  const shapes = {
    1: `${identity} const passed = answer.body.pipeTo(writable, { preventClose: true, preventAbort: true }); context.waitUntil(${close}); return new Response(readable, answer);`,
    2: `const [client, side] = answer.body.tee(); context.waitUntil(watch(side)); return new Response(client, answer);`,
    3: `${identity} const [client, side] = answer.body.tee(); const passed = client.pipeTo(writable, { preventClose: true, preventAbort: true });
    context.waitUntil(Promise.all([watch(side, passed), ${close}])); return new Response(readable, answer);`,
    4: `${identity} context.waitUntil(touch(answer.body.getReader({ mode: 'byob' }), writable.getWriter())); return new Response(readable, answer);`,
  };
  return `${kForwarding}
async function watch(side, passed = new Promise(() => {})) {
  const reader = side.getReader({ mode: 'byob' });
  for (let buffer = new ArrayBuffer(65536); ;) {
    await Promise.race([passed, new Promise((resolve) => setTimeout(resolve, 250))]);
    const { value, done } = await reader.read(new Uint8Array(buffer));
    if (done) return;
    buffer = value.buffer;
  }
}
async function touch(reader, writer) {
  for (;;) {
    const { value, done } = await reader.read(new Uint8Array(65536));
    if (done) return writer.close();
    await writer.write(value);
  }
}
export default {
  async fetch(request, variables, context) {
    const answer = await forward(request, variables, await request.arrayBuffer());
    ${shapes[rung]}
  },
};`;
}

const kPlainRungs = ['bodies read whole, both ways', 'signals for clients that leave, work that outlives them', 'a deadline', 'the request\'s headers as text', 'headers removed and set', 'a line in the log'];
const kStreamRungs = ['an identity stream, without observer: an error event could be written behind it', 'a copy is looked at four times a second', 'both: identity stream with observer', 'every piece read and written in JavaScript'];

async function startRungs(cluster, upstreamUrl, shape) {
  const plain = (name, source) => startPlain(name, source, upstreamUrl);
  const pool = async (name, variables) => Object.assign(await startPool(cluster, upstreamUrl, 3, variables), { name });
  if (shape === 'stream') {
    return [await plain('bare pass-through (b)', kPassThrough), ...await Promise.all(kStreamRungs.map((name, i) => plain(name, streamRung(i + 1)))),
      await pool('edgepool', { LOG_REQUESTS: 'none' }), await pool('edgepool, `STREAM_USAGE=exact`', { LOG_REQUESTS: 'none', STREAM_USAGE: 'exact' })];
  }
  return [await plain('least honest JavaScript (c)', kLeastWork), ...await Promise.all(kPlainRungs.map((name, i) => plain(`+ ${name}`, plainRung(i + 1)))),
    await pool('edgepool, `LOG_REQUESTS=none`', { LOG_REQUESTS: 'none' }), await pool('edgepool', {})];
}

/** Answers [{name, rate, toFirst, cpu_ms, p99_ms}], the first rung first; shape: 'plain' | 'stream'. */
export async function measureLadder(cluster, upstreamUrl, shape, { rounds, duration_s, warm_s, tell }) {
  const rungs = await startRungs(cluster, upstreamUrl, shape);
  const wanted = { concurrency: kConcurrency, shape, body_bytes: kBodyBytes };
  try {
    tell(`${shape} answers: warming ${rungs.length} workers`);
    for (const rung of rungs) await load(rung, { ...wanted, duration_s: warm_s });
    const seen = rungs.map(() => []);
    for (let round = 0; round < rounds; round++) {
      tell(`${shape} answers: round ${round + 1} of ${rounds}`);
      for (const [i, rung] of rungs.entries()) {
        const one = await load(rung, { ...wanted, duration_s });
        if (one.requests === 0 || one.refused > 0 || one.broken > 0) throw new Error(`${rung.name}: ${one.refused} refused, ${one.broken} broken of ${one.requests}`);
        seen[i].push(one);
      }
    }
    const of = (i, figure) => median(seen[i].map((one) => one[figure]));
    return rungs.map(({ name }, i) => ({ name, rate: of(i, 'rate'), cpu_ms: of(i, 'cpu_ms'), p99_ms: of(i, 'p99_ms'),
      toFirst: median(seen[i].map((one, round) => one.rate / seen[0][round].rate)) }));
  } finally {
    for (const rung of rungs) await rung.stop();
  }
}
