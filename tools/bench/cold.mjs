// Cold starts: a fresh workerd process, and the time until its first request is answered. The process itself starts before the clock
// does; what is timed is the isolate: compiling the modules, instantiating the core, the first call to the database, the answer.
import { median } from './throughput.mjs';

async function firstAnswer_ms(target) {
  await target.restart();
  const body = JSON.stringify({ model: 'gpt-oss:20b', messages: [{ role: 'user', content: 'hello' }] });
  const begun = performance.now();
  const answer = await fetch(`${target.url}/v1/chat/completions`, { method: 'POST', body, headers: { authorization: `Bearer ${target.token}`, 'content-type': 'application/json' } });
  await answer.arrayBuffer();
  if (answer.status !== 200) throw new Error(`${target.name}: a cold isolate answered ${answer.status}`);
  return performance.now() - begun;
}

async function databaseCall_ms(pool) {
  const begun = performance.now();
  await pool.calls.call('pool_take', { provider: 'ollama', limit: 512, start: '0123456789abcdef' });
  return performance.now() - begun;
}

/** Answers {name: median ms to the first answer}, and under `database` what the call that a cold isolate must make takes by itself. */
export async function measureColdStarts(targets, runs) {
  const names = Object.keys(targets).filter((name) => targets[name].restart);
  const seen = Object.fromEntries(names.map((name) => [name, []]));
  for (let run = 0; run < runs; run++) {
    for (const name of names) seen[name].push(await firstAnswer_ms(targets[name]));
  }
  const pool = Object.values(targets).find((target) => target.calls);
  const calls = [];
  for (let run = 0; run < runs; run++) calls.push(await databaseCall_ms(pool));
  return { first_ms: Object.fromEntries(names.map((name) => [name, median(seen[name])])), database_ms: median(calls) };
}
