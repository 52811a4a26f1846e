// Builds the Wasm flavour of the scan benchmark and runs it: node tests/bench/scan_bench.mjs [build folder]. Prints throughput for each
// body beside a full parse in the same run; asserts nothing.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const kHere = dirname(fileURLToPath(import.meta.url));
const kRoot = join(kHere, '..', '..');
const kRound_ms = 20;
const kRounds = 20;
const kEvents = 1000;

function build(folder) {
  const toolchain = join(kRoot, 'cmake', 'toolchain_wasm32_wasi.cmake');
  const quiet = { stdio: 'pipe' };
  execFileSync('cmake', ['-S', kHere, '-B', folder, '-G', 'Ninja', `-DCMAKE_TOOLCHAIN_FILE=${toolchain}`, '-DCMAKE_BUILD_TYPE=Release'], quiet);
  execFileSync('cmake', ['--build', folder, '-j2'], quiet);
  return join(folder, 'scan_bench.wasm');
}

/** The module's exports. What it imports of WASI serves abort messages only. */
function instantiate(file) {
  const module = new WebAssembly.Module(readFileSync(file));
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) (imports[from] ??= {})[name] = () => 8;
  const { exports } = new WebAssembly.Instance(module, imports);
  exports._initialize();
  return exports;
}

function round_ms(work) {
  const start = performance.now();
  for (let calls = 1; ; calls++) {
    if (!work()) throw new Error('the benchmark refused its own input');
    const passed_ms = performance.now() - start;
    if (passed_ms > kRound_ms) return passed_ms / calls;
  }
}

/** Milliseconds for one call of each: the best of some rounds, taken in turn, so that a busy machine is unfair to all alike. */
function times_ms(...works) {
  const best = works.map(() => Infinity);
  for (let round = 0; round < kRounds; round++) works.forEach((work, i) => { best[i] = Math.min(best[i], round_ms(work)); });
  return best;
}

const gigabytes = (bytes, ms) => (bytes / ms / 1e6).toFixed(2).padStart(6);
const micros = (ms) => (ms * 1000).toFixed(1).padStart(10);

const wasm = instantiate(build(resolve(process.argv[2] ?? join(kRoot, 'build', 'bench-wasm'))));
for (const [shape, name] of ['chat', 'tools'].entries()) {
  for (const size of [1_000, 100_000, 1_000_000, 8_000_000]) {
    const bytes = wasm.prepare_body(shape, size);
    const [scan_ms, parse_ms] = times_ms(wasm.scan, wasm.parse);
    console.log(`${name.padEnd(6)} ${String(bytes).padStart(8)} bytes   scan ${gigabytes(bytes, scan_ms)} GB/s ${micros(scan_ms)} us   ` +
      `full parse ${gigabytes(bytes, parse_ms)} GB/s ${micros(parse_ms)} us   ratio ${(parse_ms / scan_ms).toFixed(1)}`);
  }
}
wasm.prepare_stream(kEvents);
for (const chunk_bytes of [219, 4096, 65536]) {
  const [pass_ms] = times_ms(() => wasm.observe(chunk_bytes));
  console.log(`stream ${kEvents} events in chunks of ${chunk_bytes} bytes: ${((pass_ms * 1000 * 1000) / kEvents).toFixed(1)} us per 1,000 events`);
}
