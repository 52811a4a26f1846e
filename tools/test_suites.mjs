// The test suites as rows: what builds a suite, which commands make it up, and how their output is counted. A suite that
// cannot be built, crashes, or runs no test counts as failed.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildWasm } from './build_wasm.mjs';
import { buildWeb } from './build_web.mjs';
import { runCommand } from './command.mjs';
import { Progress } from './progress.mjs';
import { kRoot } from './setup.mjs';

const kHung_ms = 20 * 60 * 1000;

/** "N passed, N failed" as the last such line; null when there is none. */
export function countOfNodeTests(output) {
  const found = [...output.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1);
  return found ? { passed: Number(found[1]), failed: Number(found[2]) } : null;
}

/** The test cases of a Catch2 program's console report; null when it is none. */
export function countOfCatch2(output) {
  const all = /^All tests passed \(.*\bin (\d+) test cases?\)/m.exec(output);
  if (all) return { passed: Number(all[1]), failed: 0 };
  const some = /^test cases:\s+(\d+)(?: \|\s+(\d+) passed)?(?: \|\s+(\d+) failed)?/m.exec(output);
  if (some) return { passed: Number(some[2] ?? 0), failed: Number(some[3] ?? 0) };
  return /^No tests ran/m.test(output) ? { passed: 0, failed: 0 } : null;
}

/** What ran as one count: a crash after a clean report, or no test at all, is a failure. A plain program is one test. */
export function judge(count, exitCode, isPlainProgram) {
  if (!count && isPlainProgram) return exitCode === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  const { passed, failed } = count ?? { passed: 0, failed: 0 };
  const broken = failed === 0 && (exitCode !== 0 || passed === 0);
  return { passed, failed: broken ? 1 : failed };
}

let running = null;

/** Runs a command with its output shown; answers {exitCode, output}. */
function show([command, ...args], variables) {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd: kRoot, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...variables } });
    running = child;
    let output = '';
    const take = (text) => {
      output += text;
      process.stdout.write(text);
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', take);
    const hung = setTimeout(() => {
      take(`\nstill running after ${kHung_ms / 60000} minutes: ended\n`);
      child.kill('SIGKILL');
    }, kHung_ms);
    const end = (exitCode) => {
      clearTimeout(hung);
      running = null;
      done({ exitCode, output });
    };
    child.once('error', (error) => {
      take(`${error.message}\n`);
      end(1);
    });
    child.once('close', (code) => end(code ?? 1));
  });
}

/** Configures and builds a native preset; answers its test programs as ctest knows them. */
async function buildNative(preset, progress) {
  await progress.step(`Building (${preset})`, async (note) => {
    await runCommand('cmake', ['--preset', preset], { cwd: kRoot });
    await runCommand('cmake', ['--build', '--preset', preset, '-j2'], { cwd: kRoot, onLine: (line) => note(/^\[\d+\/\d+\]/.exec(line)?.[0] ?? '') });
  });
  const listed = await runCommand('ctest', ['--preset', preset, '--show-only=json-v1'], { cwd: kRoot });
  return JSON.parse(listed.slice(listed.indexOf('{'))).tests.map((item) => ({ name: item.name, command: item.command }));
}

function nodeSuite(name, title, build) {
  return { name, title, count: countOfNodeTests, programs: async (progress) => {
    await build?.(progress);
    if (!existsSync(join(kRoot, `tests/${name}/run.mjs`))) throw new Error(`tests/${name}/run.mjs is missing`);
    return [{ name, command: [process.execPath, `tests/${name}/run.mjs`] }];
  } };
}

// The second toolchain's module under the same shim: the client tests are its smoke test.
async function emscriptenPrograms(progress) {
  await progress.step('Building the Wasm module with Emscripten', async (note) => {
    await runCommand('cmake', ['--preset', 'wasm-emscripten'], { cwd: kRoot });
    await runCommand('cmake', ['--build', '--preset', 'wasm-emscripten', '-j2'], { cwd: kRoot, onLine: (line) => note(/^\[\d+\/\d+\]/.exec(line)?.[0] ?? '') });
  });
  return [{ name: 'emscripten', command: [process.execPath, 'tests/e2e/run.mjs', 'clients'], variables: { EDGEPOOL_TEST_MODULE: 'build/wasm-emscripten/edgepool.wasm' } }];
}

const buildModule = (progress) => progress.step('Building the Wasm module', buildWasm);

async function buildModuleAndPages(progress) {
  await buildModule(progress);
  await progress.step('Building the pages', buildWeb);
}

export const kSuites = [
  // One build, the one that sees most: plain and sanitized builds one after the other took half of the run and found the same.
  { name: 'native', title: 'The core, natively, under AddressSanitizer and UndefinedBehaviorSanitizer: unit, flow, conformance, simulation, fuzz corpus', count: countOfCatch2,
    plain: true, programs: (progress) => buildNative('asan', progress) },
  nodeSuite('abi', 'The Wasm module at its boundary', buildModule),
  nodeSuite('sql', 'The database functions, on PostgreSQL'),
  nodeSuite('contract', 'The database as the worker speaks to it'),
  nodeSuite('practice', 'The practice upstream'),
  nodeSuite('tools', 'npm start and npm test themselves', buildModuleAndPages),
  nodeSuite('e2e', 'The whole pool: workerd, database, upstream and real clients', buildModule),
  nodeSuite('browser', 'The pages: Chromium, workerd and the database', buildModuleAndPages),
  { name: 'emscripten', title: 'The second toolchain: real clients through its module', count: countOfNodeTests, programs: emscriptenPrograms },
];

function chosen(names) {
  if (names.length === 0) return kSuites;
  const native = names.filter((name) => !kSuites.some((suite) => suite.name === name));
  return kSuites.filter((suite) => names.includes(suite.name) || (suite.name === 'native' && native.length > 0)).map((suite) => {
    if (suite.name !== 'native' || native.length === 0 || names.includes('native')) return suite;
    return { ...suite, programs: async (progress) => (await suite.programs(progress)).filter((program) => native.includes(program.name)) };
  });
}

async function runSuite(suite, progress) {
  const total = { passed: 0, failed: 0 };
  try {
    const programs = await suite.programs(progress);
    for (const program of programs) {
      const { exitCode, output } = await show(program.command, program.variables);
      const { passed, failed } = judge(suite.count(output), exitCode, suite.plain);
      total.passed += passed;
      total.failed += failed;
    }
  } catch (error) {
    console.log(error.message);
    total.failed++;
  }
  if (total.passed + total.failed === 0) total.failed = 1;
  return total;
}

/** Runs the suites named (all without names), prints what came of each, and answers the exit code. */
export async function runSuites(names) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.once(signal, () => {
      running?.kill('SIGTERM');
      process.exit(1);
    });
  }
  const progress = new Progress();
  const rows = [];
  for (const suite of chosen(names)) {
    console.log(`\n━━ ${suite.name}: ${suite.title}\n`);
    rows.push({ name: suite.name, ...await runSuite(suite, progress) });
  }
  console.log('');
  for (const row of rows) console.log(`  ${row.failed === 0 ? '✓' : '✗'} ${row.name.padEnd(10)} ${row.passed} passed, ${row.failed} failed`);
  const sum = (member) => rows.reduce((total, row) => total + row[member], 0);
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed`);
  return sum('failed') === 0 && rows.length > 0 ? 0 : 1;
}
