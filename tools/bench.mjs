// Measures edgepool against what it could be compared with, and writes docs/BENCHMARKS.md.
//
//   npm run bench                    everything but what is named below: about a quarter of an hour
//   npm run bench -- --quick         short rounds and few of them, for development; writes nothing
//   npm run bench -- steady          ten minutes of load at one pace: does memory stay where it is?
//   npm run bench -- ladder          what each thing that a pool must do costs, for whole answers and for streams
//   npm run bench -- scan            the scan of request bodies in Wasm, beside a full parse
//   npm run bench -- timing          can a token be guessed by how long its refusal takes?
// What is measured, and against what: tools/bench/targets.mjs and throughput.mjs. The module is built first. See README for what it installs.
import { join } from 'node:path';
import { kRoot, runSetUp } from './setup.mjs';

const kDocument = join(kRoot, 'docs', 'BENCHMARKS.md');
const kSecurity = join(kRoot, 'docs', 'SECURITY.md');
const kFull = { rounds: 3, shorter: 1, duration_s: 2, warm_s: 4, coldRuns: 15, latency_s: 20, paced: { 1: 30, 10: 30, 100: 60 }, steady_s: 600, asks: 20_000, scanRounds: 20 };
const kQuick = { rounds: 2, shorter: 2, duration_s: 1, warm_s: 2, coldRuns: 3, latency_s: 5, paced: { 100: 10 }, steady_s: 20, asks: 10_000, scanRounds: 3 };
const kSteadyRate = 150;
const kLatencyRate = 200;

const words = process.argv.slice(2);
const isQuick = words.includes('--quick');
const wanted = isQuick ? kQuick : kFull;
const tell = (text) => console.log(`  ${text}`);

function headline(report) {
  return `Measured on ${new Date().toISOString().slice(0, 10)}; ${report.machine()}; workerd as wrangler.toml pins it. ${wanted.rounds} interleaved rounds; medians.`;
}

/** Puts the text under its name into the document, unless the run is a quick one. */
function publish(report, name, text, document = kDocument) {
  console.log(`\n${text}\n`);
  if (!isQuick) report.writeMeasured(document, name, text);
}

async function benchAll() {
  const [targetsPart, throughput, cold, paced, report, goals, { kStreamEvents }] = await Promise.all(['targets', 'throughput', 'cold', 'paced', 'report', 'goals', 'nginx_upstream']
    .map((part) => import(`./bench/${part}.mjs`)));
  const { targets, upstream, stop } = await targetsPart.startTargets(isQuick ? [3] : undefined);
  try {
    const measured = await throughput.measureThroughput(targets, upstream, { ...wanted, tell });
    tell(`latency at ${kLatencyRate} requests/s`);
    const { passThrough, leastWork, pool3 } = targets;
    const latency = await paced.measureLatency({ passThrough, leastWork, pool3 }, kLatencyRate, wanted.latency_s);
    tell('cold starts');
    const coldStarts = await cold.measureColdStarts(targets, wanted.coldRuns);
    const databaseCalls = [];
    for (const [rate, seconds] of Object.entries(wanted.paced).map((pair) => pair.map(Number))) {
      tell(`${rate} requests/s at a steady pace`);
      databaseCalls.push(await paced.measureDatabaseCalls(pool3, rate, seconds));
    }
    publish(report, 'goals', `${headline(report)}\n\n${report.goalsTable(goals.judge(measured, latency, coldStarts, databaseCalls))}`);
    publish(report, 'latency', report.latencyTable(latency, targets));
    publish(report, 'throughput', report.throughputTables(measured, targets));
    publish(report, 'streams', report.streamTable(measured, targets, kStreamEvents));
    publish(report, 'cold', report.coldTable(coldStarts, targets));
    publish(report, 'database', report.databaseTable(databaseCalls));
  } finally {
    await stop();
  }
}

async function benchSteady() {
  const [targetsPart, paced, report] = await Promise.all(['targets', 'paced', 'report'].map((part) => import(`./bench/${part}.mjs`)));
  const { targets, stop } = await targetsPart.startTargets([1_000]);
  try {
    const seen = await paced.measureSteadyMemory(targets.pool1000, kSteadyRate, wanted.steady_s, tell);
    publish(report, 'steady', report.steadyTable(seen));
  } finally {
    await stop();
  }
}

async function benchLadder() {
  const [ladders, report, { startNginxUpstream, kStreamEvents }, { startTestPostgres }] = await Promise.all(['./bench/ladders.mjs', './bench/report.mjs', './bench/nginx_upstream.mjs', './test_postgres.mjs']
    .map((part) => import(part)));
  const [cluster, upstream] = [await startTestPostgres(), await startNginxUpstream()];
  try {
    const measure = (shape) => ladders.measureLadder(cluster, upstream.url, shape, { ...wanted, tell });
    publish(report, 'plain-ladder', `${headline(report)}\n\n${report.plainLadderTable(await measure('plain'))}`);
    publish(report, 'stream-ladder', `${headline(report)}\n\n${report.streamLadderTable(await measure('stream'), kStreamEvents)}`);
  } finally {
    await upstream.stop();
    await cluster.stop();
  }
}

async function benchScan() {
  const [{ measureScans }, report] = await Promise.all([import('../tests/bench/scan_bench.mjs'), import('./bench/report.mjs')]);
  publish(report, 'scan', report.scanTables(measureScans({ rounds: wanted.scanRounds, tell })));
}

async function benchTiming() {
  const [targetsPart, timing, report] = await Promise.all(['targets', 'timing', 'report'].map((part) => import(`./bench/${part}.mjs`)));
  const { targets, stop } = await targetsPart.startTargets([3]);
  try {
    const rows = await timing.measureTiming(targets.pool3, wanted.asks);
    publish(report, 'timing', report.timingTable(rows), kSecurity);
  } finally {
    await stop();
  }
}

const kBenches = { steady: benchSteady, ladder: benchLadder, scan: benchScan, timing: benchTiming };

await runSetUp(import.meta.url, 'bench', async () => {
  const { buildWasm } = await import('./build_wasm.mjs');
  await buildWasm(tell);
  const named = words.filter((word) => !word.startsWith('--'));
  const unknown = named.find((word) => !kBenches[word]);
  if (unknown) throw new Error(`no such benchmark: ${unknown} (there are ${Object.keys(kBenches).join(', ')})`);
  if (named.length === 0) await benchAll();
  for (const name of named) await kBenches[name]();
});
