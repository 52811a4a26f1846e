// What the measurements are held against. A goal that is not met is said to be so; docs/BENCHMARKS.md says why.
const kPlain = '1 KB in, 1 KB out';
const kStream = '1 KB in, 200 events out';
const kMostCallsPerRequest = 0.05;
const kMostColdExtra_ms = 30;
const kMostP99 = 1.25;
const kMostGrowth = 1.1;
const kLeastScan_gb_s = 1;
const kLeastTimesAsFast = 20;

const cellOf = (measured, name, concurrency) => measured.cells.find(({ load, concurrency: tried }) => load.name === name && tried === concurrency).cell;

const atLeast = (what, needed, value) => ({ what, needed: `≥ ${needed}`, value: value.toFixed(2), isMet: value >= needed });
const atMost = (what, needed, value, digits = 2) => ({ what, needed: `≤ ${needed}`, value: value.toFixed(digits), isMet: value <= needed });

export function judge(measured, latency, coldStarts, databaseCalls) {
  const plain = cellOf(measured, kPlain, 32).pool3;
  const stream = cellOf(measured, kStream, 32).pool3;
  const paced = latency.byName;
  const busiest = databaseCalls.find(({ rate }) => rate === 100);
  return [
    atLeast('throughput at 32 at once, to the bare pass-through (b)', 0.8, plain.toPassThrough),
    atLeast('throughput at 32 at once, to the least honest JavaScript (c)', 1, plain.toLeastWork),
    atLeast('throughput at 32 at once, to the older design (f)', 4, plain.toOlderDesign),
    atMost('p99 at 32 at once, to (c)', kMostP99, plain.p99ToLeastWork),
    atMost(`p99 at ${latency.rate} requests/s, to (c)`, kMostP99, paced.pool3.p99_ms / paced.leastWork.p99_ms),
    atLeast('streams with accounting, to native forwarding', 0.75, stream.toPassThrough),
    atMost('database calls a request at 100 requests/s', kMostCallsPerRequest, busiest.perRequest, 4),
    atMost('first answer of a cold isolate beyond (c), ms', kMostColdExtra_ms, coldStarts.first.pool3.p50_ms - coldStarts.first.leastWork.p50_ms, 1),
  ];
}

/** Memory at the end of a steady load to memory after its first minute. */
export const judgeSteady = ({ early_mb, late_mb }) => atMost('late to early', kMostGrowth, late_mb / early_mb);

/** What is said of a scanned body: its speed, and how many times as fast it is as a full parse. */
export const isScanMet = ({ bytes, scan_ms, parse_ms }) => bytes / scan_ms / 1e6 >= kLeastScan_gb_s && parse_ms / scan_ms >= kLeastTimesAsFast;
export const kScanGoal = `≥ ${kLeastScan_gb_s} GB/s, ≥ ${kLeastTimesAsFast} times`;
