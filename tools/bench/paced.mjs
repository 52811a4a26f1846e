// Load at a steady pace rather than as much as goes: how long answers take where all targets have the same to do, what a pool costs its
// database at a given number of requests a second, and whether its memory stays where it is when it serves for long.
import { Agent, request as httpRequest } from 'node:http';
import { forgetPeak, memory_mb } from './load.mjs';

const kSmallWords = 150;
const kLargeWords = 200_000; // a megabyte
const kTick_ms = 2;
const kSettle_ms = 3_000; // the last flush comes after the last request
const kLatencyRounds = 5;
const kSteadyShapes = ['plain', 'plain', 'plain', 'stream', 'absorb'];

const bodyOf = (words, stream) => Buffer.from(JSON.stringify({ model: 'gpt-oss:20b', stream, messages: [{ role: 'user', content: 'word '.repeat(words) }] }));
const [small, large] = [bodyOf(kSmallWords, false), bodyOf(kLargeWords, false)];
const kBodies = { plain: small, large: small, absorb: large, stream: bodyOf(kSmallWords, true), absorb_stream: bodyOf(kLargeWords, true) };

const agent = new Agent({ keepAlive: true });

/** Asks once for an answer of this shape. Answers how long it took in ms; rejects for anything but a 200 that is whole. */
export function ask(target, shape) {
  const body = kBodies[shape];
  const begun_ms = performance.now();
  return new Promise((done, failed) => {
    const request = httpRequest(`${target.url}/v1/chat/completions`, { method: 'POST', agent, headers: { authorization: `Bearer ${target.token}`, 'content-type': 'application/json', 'content-length': body.length,
      'openai-beta': shape } }, (answer) => {
      answer.on('data', () => {}).on('error', failed).on('aborted', failed);
      answer.on('end', () => (answer.statusCode === 200 ? done(performance.now() - begun_ms) : failed(new Error(`status ${answer.statusCode}`))));
    });
    request.on('error', failed).end(body);
  });
}

/** `rate` requests a second for so long; `shapeOf(i)` is what the i-th asks for, `eachSecond(second)` is called once a second. Answers {requests, failed, times_ms}. */
async function pace(target, { rate, duration_s, shapeOf = () => 'plain', eachSecond = () => {} }) {
  const begun = performance.now();
  const underWay = new Set();
  const times_ms = [];
  let [requests, failed, second] = [0, 0, 0];
  for (;;) {
    const passed_s = (performance.now() - begun) / 1000;
    if (passed_s >= duration_s) break;
    while (second < passed_s) eachSecond(second++);
    while (requests < passed_s * rate) {
      const one = ask(target, shapeOf(requests++)).then((ms) => times_ms.push(ms), () => failed++).then(() => underWay.delete(one));
      underWay.add(one);
    }
    await new Promise((done) => setTimeout(done, kTick_ms));
  }
  await Promise.all(underWay);
  return { requests, failed, times_ms };
}

const nothingFailed = ({ requests, failed }, what) => {
  if (failed > 0) throw new Error(`${what}: ${failed} of ${requests} requests failed`);
};

/**
 * Latency of plain requests at the same pace for all, in turns: {rate, duration_s, byName: {name: {p50_ms, p99_ms}}}. A closed loop cannot say: what
 * serves more requests has just as many under way, and its latency is nothing but one by its throughput.
 */
export async function measureLatency(targets, rate, duration_s) {
  const times_ms = Object.fromEntries(Object.keys(targets).map((name) => [name, []]));
  for (let round = 0; round < kLatencyRounds; round++) {
    for (const [name, target] of Object.entries(targets)) {
      const seen = await pace(target, { rate, duration_s: duration_s / kLatencyRounds });
      nothingFailed(seen, `${target.name} at ${rate} requests/s`);
      times_ms[name].push(...seen.times_ms);
    }
  }
  const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  const byName = Object.fromEntries(Object.entries(times_ms).map(([name, times]) => {
    const sorted = times.toSorted((a, b) => a - b);
    return [name, { p50_ms: at(sorted, 0.5), p99_ms: at(sorted, 0.99) }];
  }));
  return { rate, duration_s, byName };
}

/** What a pool asks of its database at this rate: {requests, calls, byName, perRequest}. */
export async function measureDatabaseCalls(pool, rate, duration_s) {
  await pool.restart();
  const from = pool.gate.calls.length;
  const seen = await pace(pool, { rate, duration_s });
  nothingFailed(seen, `${pool.name} at ${rate} requests/s`);
  await new Promise((done) => setTimeout(done, kSettle_ms));
  const calls = pool.gate.calls.slice(from);
  const byName = {};
  for (const name of calls) byName[name] = (byName[name] ?? 0) + 1;
  return { rate, duration_s, requests: seen.requests, calls: calls.length, byName, perRequest: calls.length / seen.requests };
}

/**
 * Memory of a pool under load, second by second: {requests, samples_mb, peak_mb, early_mb, late_mb}: early is the mean of the second tenth of the
 * run (the first one is start-up), late that of the last.
 */
export async function measureSteadyMemory(pool, rate, duration_s, tell) {
  await pool.restart();
  forgetPeak(pool.pid);
  const samples_mb = [];
  const seen = await pace(pool, { rate, duration_s, shapeOf: (i) => kSteadyShapes[i % kSteadyShapes.length],
    eachSecond: (second) => {
      samples_mb.push(memory_mb(pool.pid).now);
      if (second % 60 === 59) tell(`minute ${(second + 1) / 60}: ${samples_mb.at(-1).toFixed(0)} MB`);
    } });
  nothingFailed(seen, `${pool.name} for ${duration_s} s`);
  const tenth = Math.max(1, Math.floor(samples_mb.length / 10));
  const mean = (list) => list.reduce((sum, mb) => sum + mb, 0) / list.length;
  return { rate, duration_s, requests: seen.requests, samples_mb, peak_mb: memory_mb(pool.pid).peak, early_mb: mean(samples_mb.slice(tenth, 2 * tenth)), late_mb: mean(samples_mb.slice(-tenth)) };
}
