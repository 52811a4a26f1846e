// Cold starts: a fresh workerd process, and the time until its first request is answered. The process itself starts before the clock
// does; what is timed is the isolate: compiling the modules, instantiating the core, the first call to the database, the answer.
import { cpu_ms } from './load.mjs';
import { median } from './throughput.mjs';

/** {ms, cpu_ms} of a fresh isolate's first answer. */
async function firstAnswer(target) {
  await target.restart();
  const body = JSON.stringify({ model: 'gpt-oss:20b', messages: [{ role: 'user', content: 'hello' }] });
  const before_ms = cpu_ms(target.pid);
  const begun = performance.now();
  const answer = await fetch(`${target.url}/v1/chat/completions`, { method: 'POST', body, headers: { authorization: `Bearer ${target.token}`, 'content-type': 'application/json' } });
  await answer.arrayBuffer();
  if (answer.status !== 200) throw new Error(`${target.name}: a cold isolate answered ${answer.status}`);
  const ms = performance.now() - begun;
  return { ms, cpu_ms: cpu_ms(target.pid) - before_ms };
}

async function databaseCall_ms(pool) {
  const begun = performance.now();
  await pool.calls.call('pool_take', { provider: 'ollama', limit: 512, start: '0123456789abcdef' });
  return performance.now() - begun;
}

function summaryOf(answers) {
  const sorted = answers.map(({ ms }) => ms).toSorted((a, b) => a - b);
  return { p50_ms: median(sorted), p90_ms: sorted[Math.ceil(sorted.length * 0.9) - 1], worst_ms: sorted.at(-1), cpu_ms: median(answers.map((answer) => answer.cpu_ms)) };
}

/** Answers {first: {name: {p50_ms, p90_ms, worst_ms, cpu_ms}}, database_ms}: until the first answer, and what the call that a cold isolate must make takes by itself. */
export async function measureColdStarts(targets, runs) {
  const names = Object.keys(targets).filter((name) => targets[name].restart);
  const seen = Object.fromEntries(names.map((name) => [name, []]));
  for (let run = 0; run < runs; run++) {
    for (const name of names) seen[name].push(await firstAnswer(targets[name]));
  }
  const pool = Object.values(targets).find((target) => target.calls);
  const calls = [];
  for (let run = 0; run < runs; run++) calls.push(await databaseCall_ms(pool));
  return { first: Object.fromEntries(names.map((name) => [name, summaryOf(seen[name])])), database_ms: median(calls) };
}
