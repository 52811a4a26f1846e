// Load at a steady pace rather than as much as goes: what a pool costs its database at a given number of requests a second, and whether
// its memory stays where it is when it serves for long.
import { memory_mb } from './load.mjs';

const kBody = JSON.stringify({ model: 'gpt-oss:20b', messages: [{ role: 'user', content: 'word '.repeat(150) }] });
const kTick_ms = 10;
const kSettle_ms = 3_000; // the last flush comes after the last request

async function ask(target, shape) {
  const answer = await fetch(`${target.url}/v1/chat/completions`, { method: 'POST', body: kBody,
    headers: { authorization: `Bearer ${target.token}`, 'content-type': 'application/json', 'openai-beta': shape } });
  await answer.arrayBuffer();
  return answer.status === 200;
}

/** `rate` requests a second for so long; `shapeOf(i)` is what the i-th asks for, `eachSecond(second)` is called once a second. Answers {requests, failed}. */
export async function pace(target, { rate, duration_s, shapeOf = () => 'plain', eachSecond = () => {} }) {
  const begun = performance.now();
  const underWay = new Set();
  let [requests, failed, second] = [0, 0, 0];
  for (;;) {
    const passed_s = (performance.now() - begun) / 1000;
    if (passed_s >= duration_s) break;
    while (second < passed_s) eachSecond(second++);
    while (requests < passed_s * rate) {
      const one = ask(target, shapeOf(requests++)).catch(() => false).then((isAnswered) => {
        if (!isAnswered) failed++;
        underWay.delete(one);
      });
      underWay.add(one);
    }
    await new Promise((done) => setTimeout(done, kTick_ms));
  }
  await Promise.all(underWay);
  return { requests, failed };
}

/** What a pool asks of its database at this rate: {requests, failed, calls, byName, perRequest}. */
export async function measureDatabaseCalls(pool, rate, duration_s) {
  await pool.restart();
  const from = pool.gate.calls.length;
  const { requests, failed } = await pace(pool, { rate, duration_s });
  await new Promise((done) => setTimeout(done, kSettle_ms));
  const calls = pool.gate.calls.slice(from);
  const byName = {};
  for (const name of calls) byName[name] = (byName[name] ?? 0) + 1;
  return { rate, duration_s, requests, failed, calls: calls.length, byName, perRequest: calls.length / requests };
}

/** Memory of a pool under load, second by second: {requests, failed, samples_mb, peak_mb, early_mb, late_mb}: early and late are means of a sixth of the run each. */
export async function measureSteadyMemory(pool, rate, duration_s, tell) {
  await pool.restart();
  const samples_mb = [];
  const { requests, failed } = await pace(pool, { rate, duration_s, shapeOf: (i) => ['plain', 'plain', 'plain', 'stream', 'absorb'][i % 5],
    eachSecond: (second) => {
      samples_mb.push(memory_mb(pool.pid).now);
      if (second % 60 === 59) tell(`minute ${(second + 1) / 60}: ${samples_mb.at(-1).toFixed(0)} MB`);
    } });
  const sixth = Math.max(1, Math.floor(samples_mb.length / 6));
  const mean = (list) => list.reduce((sum, mb) => sum + mb, 0) / list.length;
  // The first sixth is start-up: what counts is whether the last one holds more than the second.
  return { rate, duration_s, requests, failed, samples_mb, peak_mb: memory_mb(pool.pid).peak, early_mb: mean(samples_mb.slice(sixth, 2 * sixth)), late_mb: mean(samples_mb.slice(-sixth)) };
}
