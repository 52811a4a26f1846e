// Builds the Wasm flavour of the scan benchmark and runs it, each body beside a full parse in the same run; npm run bench -- scan prints it.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const kHere = dirname(fileURLToPath(import.meta.url));
const kRoot = join(kHere, '..', '..');
const kRound_ms = 20;
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
function times_ms(rounds, ...works) {
  const best = works.map(() => Infinity);
  for (let round = 0; round < rounds; round++) works.forEach((work, i) => { best[i] = Math.min(best[i], round_ms(work)); });
  return best;
}

/** Answers {bodies: [{shape, bytes, scan_ms, parse_ms}], streams: [{chunk_bytes, events_us}]}, events_us for 1,000 events. */
export function measureScans({ rounds, tell }) {
  tell('building the scan benchmark');
  const wasm = instantiate(build(join(kRoot, 'build', 'bench-wasm')));
  const bodies = ['chat', 'tools'].flatMap((shape, number) => [1_000, 100_000, 1_000_000, 8_000_000].map((size) => {
    const bytes = wasm.prepare_body(number, size);
    tell(`${shape}, ${bytes} bytes`);
    const [scan_ms, parse_ms] = times_ms(rounds, wasm.scan, wasm.parse);
    return { shape, bytes, scan_ms, parse_ms };
  }));
  wasm.prepare_stream(kEvents);
  const streams = [219, 4096, 65536].map((chunk_bytes) => {
    const [pass_ms] = times_ms(rounds, () => wasm.observe(chunk_bytes));
    return { chunk_bytes, events_us: pass_ms * 1000 * 1000 / kEvents };
  });
  return { bodies, streams };
}
