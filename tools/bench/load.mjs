// Loads an address with wrk for a while, and tells what came of it and what it cost: requests, latency, the processor time and the
// memory of the process behind the address. wrk (Debian) is one thread of C, so that the load program is never what is measured.
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const kScript = fileURLToPath(new URL('load.lua', import.meta.url));
const kTicksPerSecond = 100; // USER_HZ, the same on every Linux

/** Processor time of a process since it began, in ms: its living threads to the nanosecond, the whole of it by ticks. */
export function cpu_ms(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  const byTicks_ms = (Number(fields[11]) + Number(fields[12])) * 1000 / kTicksPerSecond;
  const threads = readdirSync(`/proc/${pid}/task`).map((task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]));
  return Math.max(byTicks_ms - 1000 / kTicksPerSecond, threads.reduce((sum, ns) => sum + ns, 0) / 1e6);
}

/** What a process holds in memory, in MB: {now, peak}. */
export function memory_mb(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const of = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)[1]) / 1024;
  return { now: of('VmRSS'), peak: of('VmHWM') };
}

/** From now on the peak is a new one. */
export function forgetPeak(pid) {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

function runWrk(url, { token, concurrency, duration_s, shape, body_bytes }) {
  return new Promise((done, failed) => {
    const child = spawn('wrk', ['-t1', `-c${concurrency}`, `-d${duration_s}s`, '--timeout', '30s', '-s', kScript, `${url}/v1/chat/completions`, '--',
      token, shape, `${body_bytes}`], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { output += text; });
    child.once('error', failed);
    child.once('close', (code) => {
      const last = output.trim().split('\n').at(-1);
      if (code === 0 && last.startsWith('{')) done(JSON.parse(last));
      else failed(new Error(`wrk ended with ${code}:\n${output}`));
    });
  });
}

/**
 * One measurement: {concurrency, duration_s, shape: 'plain' | 'absorb' | 'large' | 'stream' | 'absorb_stream', body_bytes} of load on `target` ({url, token, pid}).
 * Answers {requests, rate, p50_ms, p99_ms, cpu_ms (per request), core (share of one), peak_mb, refused, broken}.
 */
export async function load(target, wanted) {
  forgetPeak(target.pid);
  const before_ms = cpu_ms(target.pid);
  const seen = await runWrk(target.url, { token: target.token, ...wanted });
  const used_ms = cpu_ms(target.pid) - before_ms;
  const duration_ms = seen.duration_us / 1000;
  return { requests: seen.requests, rate: seen.requests * 1000 / duration_ms, p50_ms: seen.p50_us / 1000, p99_ms: seen.p99_us / 1000,
    cpu_ms: used_ms / Math.max(1, seen.requests), core: used_ms / duration_ms, peak_mb: memory_mb(target.pid).peak, refused: seen.refused, broken: seen.broken };
}
