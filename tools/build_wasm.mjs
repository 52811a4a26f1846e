// Builds the Wasm module, makes it small and puts it where the shim imports it: build/wasm/edgepool.wasm to dist/edgepool.wasm. This is
// wrangler's [build] command and a step of npm start. Quiet and quick when nothing changed; runs on any Node from 18 on.
// Several may run at once (each `wrangler dev` starts one): they take turns by a lock file.
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runAlone } from './build_lock.mjs';
import { runCommand } from './command.mjs';

const kRoot = fileURLToPath(new URL('..', import.meta.url));
const kBuilt = join(kRoot, 'build/wasm/edgepool.wasm');
const kSmall = join(kRoot, 'build/wasm/edgepool.small.wasm');
const kOptimiser = join(kRoot, 'node_modules/binaryen/bin/wasm-opt');
const kDeployed = join(kRoot, 'dist/edgepool.wasm');
const kLock = join(kRoot, 'build/wasm.lock');

function explain(error) {
  if (/clang\+\+-22/.test(error.message) && /not (?:installed|found|a full path)|could not find/i.test(error.message)) {
    error.message = `Clang 22 is needed to build the Wasm module: run "node tools/setup.mjs", or set WASI_SDK_PATH to a wasi-sdk.\n\n${error.message}`;
  }
  return error;
}

// Binaryen takes a seventh off what the linker gives. Passes that assume that traps never happen stay off: the shim counts on traps.
async function makeSmall(note) {
  if (existsSync(kSmall) && statSync(kSmall).mtimeMs >= statSync(kBuilt).mtimeMs) return;
  note('optimising');
  if (!existsSync(kOptimiser)) throw new Error('binaryen is not installed: run npm ci');
  const features = ['simd', 'bulk-memory', 'sign-ext', 'nontrapping-float-to-int', 'mutable-globals', 'multivalue', 'reference-types'];
  const flags = ['-Oz', '--reorder-functions', '--converge', ...features.map((feature) => `--enable-${feature}`)];
  const unfinished = `${kSmall}.part`;
  await runCommand(process.execPath, [kOptimiser, ...flags, kBuilt, '-o', unfinished], { cwd: kRoot });
  renameSync(unfinished, kSmall);
}

/** Builds what changed; answers {bytes, changed}. Rejects with CommandFailed and the compiler's words. */
export function buildWasm(note = () => {}) {
  return runAlone(kLock, () => build(note));
}

async function build(note) {
  try {
    await runCommand('cmake', ['--preset', 'wasm'], { cwd: kRoot });
    await runCommand('cmake', ['--build', '--preset', 'wasm'], { cwd: kRoot, onLine: (line) => note(/^\[\d+\/\d+\]/.exec(line)?.[0] ?? '') });
    await makeSmall(note);
    const module = readFileSync(kSmall);
    const changed = !existsSync(kDeployed) || statSync(kDeployed).size !== module.length || !module.equals(readFileSync(kDeployed));
    if (changed) {
      mkdirSync(dirname(kDeployed), { recursive: true });
      writeFileSync(kDeployed, module);
    }
    return { bytes: module.length, changed };
  } catch (error) {
    throw explain(error);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const { bytes, changed } = await buildWasm();
    if (changed) console.log(`built dist/edgepool.wasm, ${Math.round(bytes / 1024)} KiB`);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
