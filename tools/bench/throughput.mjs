// The main measurement: every target under the same loads, in interleaved rounds, so that what else the machine does falls on all of
// them alike. A figure is the median of the rounds; a ratio is the median of the rounds' own ratios. workerd serves with one thread: where the
// machine is busy with other things, processor time a request is the steadier measure of the same thing.
import { setTimeout as sleep } from 'node:timers/promises';
import { load } from './load.mjs';
import { ask } from './paced.mjs';

const kSmallBytes = 1024;
const kLargeBytes = 1 << 20;
const kCounted = 10;
const kSettle_ms = 100;
const kLongest_s = 10; // where a machine is too slow to answer anything in the seconds that a load is given

/**
 * The loads: what is sent and answered, and for how many seconds at each concurrency: more where fewer are answered in a second. All pool
 * sizes are measured where the size of the pool could matter; large bodies are large whatever the pool.
 */
export const kLoads = [
  { name: '1 KB in, 1 KB out', shape: 'plain', body_bytes: kSmallBytes, seconds: { 1: 1, 32: 2, 256: 2 } },
  { name: '1 MB in, 1 KB out', shape: 'absorb', body_bytes: kLargeBytes, seconds: { 1: 1, 32: 2, 256: 5 }, leavesOut: ['pool1000'] },
  { name: '1 KB in, 1 MB out', shape: 'large', body_bytes: kSmallBytes, seconds: { 1: 1, 32: 2, 256: 5 }, leavesOut: ['pool1000'] },
  { name: '1 KB in, 200 events out', shape: 'stream', body_bytes: kSmallBytes, seconds: { 1: 1, 32: 2, 256: 3 } },
  { name: '1 MB in, 200 events out', shape: 'absorb_stream', body_bytes: kLargeBytes, seconds: { 32: 2 }, leavesOut: ['pool1000'] },
];

export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted.length % 2 === 1 ? sorted[(sorted.length - 1) / 2] : (sorted[sorted.length / 2 - 1] + sorted[sorted.length / 2]) / 2;
}

async function measure(target, wanted) {
  const calls = target.gate?.calls.length ?? 0;
  const seen = await load(target, wanted);
  if (seen.requests === 0) {
    if (wanted.duration_s > kLongest_s) throw new Error(`${target.name} answered nothing in ${wanted.duration_s} s`);
    return measure(target, { ...wanted, duration_s: 2 * wanted.duration_s });
  }
  if (seen.refused > 0 || seen.broken > 0) throw new Error(`${target.name}: ${seen.refused} refused, ${seen.broken} broken of ${seen.requests}`);
  return { ...seen, databaseCalls: target.gate ? (target.gate.calls.length - calls) / seen.requests : 0 };
}

/** What the end of a load has cut off may still be under way: until nothing comes to the upstream any more. */
async function settle(upstream) {
  for (let before = 0, now = 0; now - before !== 1;) { // to ask is a request, too
    [before, now] = [now, await upstream.requests()];
    await sleep(kSettle_ms);
  }
}

/** How many requests come to the upstream for one, asked one by one (those of a database that it plays are among them): a load's end cuts some off. */
async function upstreamRequests(target, upstream, shape) {
  const before = await upstream.requests();
  for (let i = 0; i < kCounted; i++) await ask(target, shape);
  return (await upstream.requests() - before - 1) / kCounted; // counting the requests is a request, too
}

/** One cell: all targets, `rounds` times, each round beginning with another one. Answers {name: {figure: median, ratios}}. */
async function measureCell(targets, upstream, wanted, rounds) {
  const names = Object.keys(targets);
  const seen = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const order = [...names.slice(round % names.length), ...names.slice(0, round % names.length)];
    for (const name of order) seen[name].push(await measure(targets[name], wanted));
  }
  const cell = {};
  await settle(upstream);
  for (const name of names) {
    const of = (figure) => median(seen[name].map((one) => one[figure]));
    const ratioTo = (other, figure) => seen[other] && median(seen[name].map((one, round) => one[figure] / seen[other][round][figure]));
    const subrequests = await upstreamRequests(targets[name], upstream, wanted.shape);
    const databaseCalls = targets[name].databaseIsUpstream ? subrequests - 1 : of('databaseCalls');
    cell[name] = { rate: of('rate'), p50_ms: of('p50_ms'), p99_ms: of('p99_ms'), cpu_ms: of('cpu_ms'), peak_mb: Math.max(...seen[name].map((one) => one.peak_mb)), databaseCalls, subrequests: subrequests + of('databaseCalls'),
      toPassThrough: ratioTo('passThrough', 'rate'), toLeastWork: ratioTo('leastWork', 'rate'), toOlderDesign: ratioTo('olderDesign', 'rate'),
      p99ToLeastWork: ratioTo('leastWork', 'p99_ms'), cpuToPassThrough: ratioTo('passThrough', 'cpu_ms'), cpuToLeastWork: ratioTo('leastWork', 'cpu_ms') };
  }
  return cell;
}

/** Answers {cells: [{load, concurrency, cell}]}; `shorter` divides the seconds of a load. `tell` is told what is under way. */
export async function measureThroughput(targets, upstream, { rounds, shorter, warm_s, loads = kLoads, tell }) {
  tell('warming: V8 compiles quickly first, and well after some thousand requests');
  for (const target of Object.values(targets)) {
    for (const shape of ['plain', 'stream']) await load(target, { concurrency: 16, duration_s: warm_s, shape, body_bytes: kSmallBytes });
  }
  const cells = [];
  for (const { seconds, leavesOut = [], ...wanted } of loads) {
    const measured = Object.fromEntries(Object.entries(targets).filter(([name]) => !leavesOut.includes(name)));
    for (const [concurrency, duration_s] of Object.entries(seconds).map((pair) => pair.map(Number))) {
      tell(`${wanted.name}, ${concurrency} at once`);
      cells.push({ load: wanted, concurrency, cell: await measureCell(measured, upstream, { ...wanted, concurrency, duration_s: Math.ceil(duration_s / shorter) }, rounds) });
    }
  }
  return { cells };
}
