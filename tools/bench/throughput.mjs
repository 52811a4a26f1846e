// The main measurement: every target under the same loads, in interleaved rounds, so that what else the machine does falls on all of
// them alike. A figure is the median of the rounds; a ratio is the median of the rounds' own ratios. workerd serves with one thread: where the
// machine is busy with other things, processor time a request is the steadier measure of the same thing.
import { load, memory_mb } from './load.mjs';

const kSmallBytes = 1024;
const kLargeBytes = 1 << 20;

// How much longer a load is measured that has this many requests under way at once.
const kPatience = (concurrency) => (concurrency > 64 ? 2 : 1);

/** The loads: what is sent and answered, the concurrencies that are tried, and how many times longer than a plain one they are measured. */
export const kLoads = [
  { name: '1 KB in, 1 KB out', shape: 'plain', body_bytes: kSmallBytes, concurrencies: [1, 32, 256], times: 1 },
  { name: '1 MB in, 1 KB out', shape: 'absorb', body_bytes: kLargeBytes, concurrencies: [1, 32], times: 1.5 },
  { name: '1 KB in, 1 MB out', shape: 'large', body_bytes: kSmallBytes, concurrencies: [1, 32], times: 1.5 },
  { name: '1 KB in, 200 events out', shape: 'stream', body_bytes: kSmallBytes, concurrencies: [1, 32, 256], times: 2 },
];

export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted.length % 2 === 1 ? sorted[(sorted.length - 1) / 2] : (sorted[sorted.length / 2 - 1] + sorted[sorted.length / 2]) / 2;
}

async function measure(target, upstream, wanted) {
  const calls = target.gate?.calls.length ?? 0;
  const before = await upstream.requests();
  const seen = await load(target, wanted);
  if (seen.requests === 0) throw new Error(`${target.name} answered nothing in ${wanted.duration_s} s: measure for longer`);
  if (seen.refused > 0 || seen.broken > 0) throw new Error(`${target.name}: ${seen.refused} refused, ${seen.broken} broken of ${seen.requests}`);
  const databaseCalls = target.gate ? target.gate.calls.length - calls : 0;
  // Counting the requests is a request, too; those of a database that nginx plays are in it.
  const subrequests = await upstream.requests() - before - 1 + databaseCalls;
  return { ...seen, databaseCalls: databaseCalls / seen.requests, subrequests: subrequests / seen.requests };
}

/** One cell: all targets, `rounds` times, each round beginning with another one. Answers {name: {figure: median, ratios}}. */
async function measureCell(targets, upstream, wanted, rounds) {
  const names = Object.keys(targets);
  const seen = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const order = [...names.slice(round % names.length), ...names.slice(0, round % names.length)];
    for (const name of order) seen[name].push(await measure(targets[name], upstream, wanted));
  }
  const cell = {};
  for (const name of names) {
    const of = (figure) => median(seen[name].map((one) => one[figure]));
    const ratioTo = (other, figure) => seen[other] && median(seen[name].map((one, round) => one[figure] / seen[other][round][figure]));
    cell[name] = { rate: of('rate'), p50_ms: of('p50_ms'), p99_ms: of('p99_ms'), cpu_ms: of('cpu_ms'), databaseCalls: of('databaseCalls'), subrequests: of('subrequests'),
      toPassThrough: ratioTo('passThrough', 'rate'), toLeastWork: ratioTo('leastWork', 'rate'), toOlderDesign: ratioTo('olderDesign', 'rate'),
      p99ToLeastWork: ratioTo('leastWork', 'p99_ms'), cpuToPassThrough: ratioTo('passThrough', 'cpu_ms'), cpuToLeastWork: ratioTo('leastWork', 'cpu_ms') };
  }
  return cell;
}

/** Answers [{load, concurrency, cell}], and the peak memory by target. `tell` is told what is under way. */
export async function measureThroughput(targets, upstream, { rounds, duration_s, warm_s, loads = kLoads, tell }) {
  tell('warming: V8 compiles quickly first, and well after some thousand requests');
  for (const target of Object.values(targets)) {
    for (const shape of ['plain', 'stream']) await load(target, { concurrency: 16, duration_s: warm_s, shape, body_bytes: kSmallBytes });
  }
  const cells = [];
  for (const wanted of loads) {
    for (const concurrency of wanted.concurrencies) {
      tell(`${wanted.name}, ${concurrency} at once`);
      cells.push({ load: wanted, concurrency, cell: await measureCell(targets, upstream, { ...wanted, concurrency, duration_s: Math.ceil(duration_s * wanted.times * kPatience(concurrency)) }, rounds) });
    }
  }
  const peak_mb = Object.fromEntries(Object.entries(targets).map(([name, target]) => [name, memory_mb(target.pid).peak]));
  return { cells, peak_mb };
}
