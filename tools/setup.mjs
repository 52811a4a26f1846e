// Makes a fresh clone ready: Debian packages (installed when that is allowed, otherwise named exactly), npm packages, and
// Node 22. Runs on any Node from 18 on, so it uses nothing newer. As a program: node tools/setup.mjs [start|test].
import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runCommand } from './command.mjs';
import { Progress } from './progress.mjs';

export const kRoot = fileURLToPath(new URL('..', import.meta.url));
const kModules = join(kRoot, 'node_modules');
const kBin = join(kModules, '.bin');
const kStamp = join(kModules, '.edgepool-setup');
const kParentCheck_ms = 300;
const kNeededNode = [22, 12];

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function hasCommand(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => folder && isExecutable(join(folder, name)));
}

function hasFile(...paths) {
  return paths.some((path) => existsSync(path));
}

function hasPostgres() {
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : [];
  return hasCommand('initdb') || versions.some((version) => isExecutable(`/usr/lib/postgresql/${version}/bin/initdb`));
}

const kClangFolder = '/usr/lib/llvm-22/lib/clang/22/lib';
const kOwnWasi = Boolean(process.env.WASI_SDK_PATH);

/** Debian package, the check that says it (or its like) is there, and what needs it. */
const kPackages = [
  { name: 'cmake', present: () => hasCommand('cmake'), for: ['start', 'test', 'bench'] },
  { name: 'ninja-build', present: () => hasCommand('ninja'), for: ['start', 'test', 'bench'] },
  { name: 'nlohmann-json3-dev', present: () => hasFile('/usr/include/nlohmann/json.hpp', '/usr/local/include/nlohmann/json.hpp'), for: ['start', 'test', 'bench'] },
  { name: 'libexpected-dev', present: () => hasFile('/usr/include/tl/expected.hpp', '/usr/local/include/tl/expected.hpp'), for: ['start', 'test', 'bench'] },
  { name: 'clang-22', present: () => hasCommand('clang++-22'), for: kOwnWasi ? ['test', 'bench'] : ['start', 'test', 'bench'] },
  { name: 'lld-22', present: () => kOwnWasi || hasCommand('wasm-ld-22'), for: ['start', 'test', 'bench'] },
  { name: 'wasi-libc', present: () => kOwnWasi || hasFile('/usr/include/wasm32-wasi/stdio.h'), for: ['start', 'test', 'bench'] },
  { name: 'libc++-22-dev-wasm32', present: () => kOwnWasi || hasFile('/usr/lib/llvm-22/lib/wasm32-wasi/libc++.a'), for: ['start', 'test', 'bench'] },
  { name: 'libc++abi-22-dev-wasm32', present: () => kOwnWasi || hasFile('/usr/lib/llvm-22/lib/wasm32-wasi/libc++abi.a'), for: ['start', 'test', 'bench'] },
  { name: 'libclang-rt-22-dev-wasm32', present: () => kOwnWasi || hasFile(`${kClangFolder}/wasi/libclang_rt.builtins-wasm32.a`), for: ['start', 'test', 'bench'] },
  { name: 'libclang-rt-22-dev', present: () => hasFile(`${kClangFolder}/linux`), for: ['test'] },
  { name: 'catch2', present: () => hasFile('/usr/include/catch2/catch.hpp', '/usr/include/catch2/catch_all.hpp', '/usr/local/include/catch2/catch_all.hpp'), for: ['test'] },
  { name: 'postgresql', present: hasPostgres, for: ['test', 'bench'] },
  { name: 'redis-server', present: () => hasCommand('redis-server'), for: ['test'] },
  { name: 'nginx-light', present: () => hasFile('/usr/lib/nginx/modules/ngx_http_echo_module.so') && (hasCommand('nginx') || hasFile('/usr/sbin/nginx')), for: ['bench'] },
  { name: 'wrk', present: () => hasCommand('wrk'), for: ['bench'] },
  { name: 'chromium', present: () => hasCommand('chromium'), for: ['test'] },
  { name: 'fonts-noto-cjk', present: () => hasFile('/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc'), for: ['test'] },
  { name: 'emscripten', present: () => hasCommand('em++'), for: ['test'] },
];

export class SetupImpossible extends Error {}

async function aptGet() {
  if (!hasCommand('apt-get')) return null;
  if (process.getuid?.() === 0) return ['apt-get'];
  if (!hasCommand('sudo')) return null;
  return await runCommand('sudo', ['-n', 'true']).then(() => ['sudo', '-n', 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get'], () => null);
}

async function installPackages(purpose, progress) {
  const missing = kPackages.filter((item) => item.for.includes(purpose) && !item.present()).map((item) => item.name);
  if (missing.length === 0) return;
  const install = `apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  const apt = await aptGet();
  if (!apt) {
    throw new SetupImpossible(`These Debian packages are missing, and installing them needs root:\n\n  sudo apt-get update && sudo ${install}\n\n` +
      'Run that and start again. (On another system: clang 22 with a wasm32-wasi libc++ or WASI_SDK_PATH, cmake 3.25, ninja, nlohmann-json, tl-expected' +
      `${purpose === 'test' ? ', catch2, PostgreSQL' : ''}.)`);
  }
  const [command, ...before] = apt;
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await progress.step(`Installing Debian packages: ${missing.join(', ')}`, async (note) => {
    const onLine = (line) => note(line);
    await runCommand(command, [...before, 'update'], { env, onLine });
    await runCommand(command, [...before, 'install', '-y', '--no-install-recommends', ...missing], { env, onLine });
  });
  const still = kPackages.filter((item) => item.for.includes(purpose) && !item.present()).map((item) => item.name);
  if (still.length > 0) throw new SetupImpossible(`Installed, and yet not found: ${still.join(', ')}. Try: sudo apt-get install --reinstall ${still.join(' ')}`);
}

/** The path of the Node 22 that npm ci brings, or of this very Node where it is new enough. */
export function nodePath() {
  const own = join(kModules, `node-${process.platform}-${process.arch}`, 'bin', 'node');
  return existsSync(own) ? own : process.execPath;
}

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > kNeededNode[0] || (major === kNeededNode[0] && minor >= kNeededNode[1]);
}

async function installModules(progress) {
  const wanted = createHash('sha256').update(readFileSync(join(kRoot, 'package-lock.json'))).digest('hex');
  const stamped = existsSync(kStamp) ? readFileSync(kStamp, 'utf8') : '';
  if (stamped !== wanted) {
    if (!hasCommand('npm')) throw new SetupImpossible('npm is missing. Install it (Debian: sudo apt-get install npm) and start again.');
    // No package needs its install script: the programs come as packages of their own.
    await progress.step('Installing npm packages', () => runCommand('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: kRoot }));
    writeFileSync(kStamp, wanted);
  }
  // Some npm versions leave this link out; npm scripts find Node 22 by it.
  const link = join(kBin, 'node');
  if (nodePath() !== process.execPath && !existsSync(link)) {
    mkdirSync(kBin, { recursive: true });
    symlinkSync(nodePath(), link);
  }
}

/** Readies the machine for "start", "test" or "bench"; throws SetupImpossible, with what to do, where it may not. */
export async function setUp(purpose, progress = new Progress()) {
  await installPackages(purpose, progress);
  await installModules(progress);
}

/** npm leaves its script running when it is itself ended by a signal; the script then ends as if the signal had been its own. */
function endWithNpm() {
  if (!process.env.npm_lifecycle_event || process.channel) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, kParentCheck_ms);
  watch.unref();
}

function runAgainUnderNode22(script) {
  const child = spawn(nodePath(), [script, ...process.argv.slice(2)], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env: { ...process.env, PATH: `${kBin}${delimiter}${process.env.PATH ?? ''}` } });
  // Ctrl-C reaches the child by itself; anything else is handed on, and the child decides when it is over.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('exit', (code, signal) => done(signal ? 1 : code));
  });
}

/**
 * Sets up, then runs `program()` under Node 22: in this process when it is new enough, else in a new one of the same script.
 * Ends the process with the program's exit code.
 */
export async function runSetUp(scriptUrl, purpose, program) {
  const script = fileURLToPath(scriptUrl);
  endWithNpm();
  try {
    await setUp(purpose);
    if (isNewEnough(process.versions.node)) {
      // Started by an older Node that has since died: end as if told to.
      process.channel?.unref();
      process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
      process.exit((await program()) ?? 0);
    }
    if (nodePath() === process.execPath) throw new SetupImpossible(`Node ${kNeededNode.join('.')} or newer is needed here; this is ${process.versions.node}.`);
    process.exit(await runAgainUnderNode22(script));
  } catch (error) {
    console.error(`\n${error instanceof SetupImpossible || error.name === 'CommandFailed' ? error.message : error.stack}`);
    process.exit(1);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const purpose = process.argv[2] ?? 'start';
  await runSetUp(import.meta.url, purpose === 'test' ? 'test' : 'start', () => {
    console.log(`Ready (Node ${process.versions.node}, ${dirname(kModules)}).`);
  });
}
