// Turns what was measured into tables, and puts them into a document between its markers: what people have written round them stays.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { isScanMet, judgeSteady, kScanGoal } from './goals.mjs';

const kNothing = '–';

function figure(value, digits = 2) {
  return value === undefined || Number.isNaN(value) ? kNothing : value.toFixed(digits);
}

const metOrNot = (isMet) => (isMet ? 'met' : '**not met**');

export function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`, ...rows.map(line)].join('\n');
}

/** The machine by kind: nothing that names it. */
export function machine() {
  const os = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? process.platform;
  return `${cpus().length} ${cpus().length === 1 ? 'core' : 'cores'} shared with the load program, the upstream and the database; ${os}`;
}

export function throughputTables({ cells }, targets) {
  return cells.map(({ load, concurrency, cell }) => `### ${load.name}, ${concurrency} at once\n\n${table(
    ['', 'req/s', 'p50 ms', 'p99 ms', 'CPU ms/req', 'peak MB', 'rate to (b)', 'to (c)', 'to (f)', 'CPU to (b)', 'to (c)', 'p99 to (c)', 'database calls/req', 'subrequests/req'],
    Object.entries(cell).map(([name, row]) => [targets[name].name, figure(row.rate, 0), figure(row.p50_ms), figure(row.p99_ms), figure(row.cpu_ms, 3), figure(row.peak_mb, 0),
      figure(row.toPassThrough), figure(row.toLeastWork), figure(row.toOlderDesign), figure(row.cpuToPassThrough), figure(row.cpuToLeastWork), figure(row.p99ToLeastWork), figure(row.databaseCalls, 4), figure(row.subrequests)]))}`).join('\n\n');
}

export function latencyTable({ rate, duration_s, byName }, targets) {
  const rows = Object.entries(byName).map(([name, { p50_ms, p99_ms }]) => [targets[name].name, figure(p50_ms), figure(p99_ms), figure(p50_ms / byName.leastWork.p50_ms), figure(p99_ms / byName.leastWork.p99_ms)]);
  return `1 KB in, 1 KB out, ${rate} requests/s for ${duration_s} s each, in turns:\n\n${table(['', 'p50 ms', 'p99 ms', 'p50 to (c)', 'p99 to (c)'], rows)}`;
}

export function streamTable({ cells }, targets, eventsPerStream) {
  const rows = cells.filter(({ load, concurrency }) => load.shape === 'stream' && concurrency === 32).flatMap(({ cell }) => Object.entries(cell));
  return table(['', 'events/s', 'to native forwarding (b)', 'CPU ms per 1,000 events'], rows.map(([name, row]) => [targets[name].name,
    figure(row.rate * eventsPerStream, 0), figure(row.toPassThrough), figure(row.cpu_ms / eventsPerStream * 1000)]));
}

export function plainLadderTable(rungs) {
  return table(['', 'req/s', 'to (c)', 'p99 ms', 'CPU ms/req', 'µs more than the rung before'], rungs.map(({ name, rate, toFirst, p99_ms, cpu_ms }, i) => [name, figure(rate, 0), figure(toFirst), figure(p99_ms, 1),
    figure(cpu_ms, 3), i === 0 ? kNothing : figure((cpu_ms - rungs[i - 1].cpu_ms) * 1000, 0)]));
}

export function streamLadderTable(rungs, eventsPerStream) {
  return table(['', 'events/s', 'to (b)', 'CPU ms per stream', 'per 1,000 events'], rungs.map(({ name, rate, toFirst, cpu_ms }) => [name, figure(rate * eventsPerStream, 0), figure(toFirst),
    figure(cpu_ms), figure(cpu_ms / eventsPerStream * 1000)]));
}

export function scanTables({ bodies, streams }) {
  const body = table(['body', 'bytes', 'scan, GB/s', 'full parse, GB/s', 'times as fast', kScanGoal], bodies.map((row) => [row.shape, row.bytes, figure(row.bytes / row.scan_ms / 1e6), figure(row.bytes / row.parse_ms / 1e6, 3),
    figure(row.parse_ms / row.scan_ms, 1), metOrNot(isScanMet(row))]));
  const stream = table(['stream looked at in pieces of', 'µs per 1,000 events'], streams.map(({ chunk_bytes, events_us }) => [`${chunk_bytes} bytes`, figure(events_us, 0)]));
  return `${body}\n\n${stream}`;
}

export function coldTable({ first, database_ms }, targets) {
  const rows = Object.entries(first).map(([name, { p50_ms, p90_ms, worst_ms, cpu_ms }]) => [targets[name].name, figure(p50_ms, 1), figure(p90_ms, 1), figure(worst_ms, 1), figure(p50_ms - first.leastWork.p50_ms, 1), figure(cpu_ms, 1)]);
  return `${table(['first answer', 'p50, ms', 'p90, ms', 'worst, ms', 'p50 more than (c), ms', 'CPU, ms'], rows)}\n\nOf edgepool's figures, the one call to the database takes ${figure(database_ms, 1)} ms by itself.`;
}

export function databaseTable(measured) {
  return table(['requests/s', 'requests', 'database calls', 'calls/request', 'by function'], measured.map((row) => [row.rate, row.requests, row.calls,
    figure(row.perRequest, 4), Object.entries(row.byName).map(([name, count]) => `${name} ${count}`).join(', ')]));
}

export function steadyTable(row) {
  const goal = judgeSteady(row);
  return table(['minutes', 'requests/s', 'requests', 'second tenth, MB', 'last tenth, MB', 'peak, MB', `late to early, ${goal.needed}`, ''], [[figure(row.duration_s / 60, 1), row.rate, row.requests,
    figure(row.early_mb, 0), figure(row.late_mb, 0), figure(row.peak_mb, 0), goal.value, metOrNot(goal.isMet)]]);
}

export function timingTable(rows) {
  return table(['the secret', 'pairs', 'answers of 401', 'others', 'nearly right, µs', 'nothing right, µs', 'would be seen from, µs', 't', ''], rows.map((row) => [row.what, row.pairs, row.refused, row.others, figure(row.near_us, 1), figure(row.far_us, 1),
    figure(row.least_us, 2), figure(row.t, 2), row.isSuspicious ? '**suspicious**' : 'chance']));
}

/** A goal and what was measured: [what, needed, value, isMet]. */
export function goalsTable(goals) {
  return table(['goal', 'needed', 'measured', ''], goals.map(({ what, needed, value, isMet }) => [what, needed, value, metOrNot(isMet)]));
}

/** Replaces what stands in the document between the markers of this name. */
export function writeMeasured(document, name, text) {
  const [begin, end] = [`<!-- ${name}: written by the run, begin -->`, `<!-- ${name}: end -->`];
  const old = readFileSync(document, 'utf8');
  const [from, to] = [old.indexOf(begin), old.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${document} has no markers for "${name}"`);
  writeFileSync(document, `${old.slice(0, from + begin.length)}\n${text}\n${old.slice(to)}`);
}
