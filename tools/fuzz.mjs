// Builds the fuzz targets and runs each for a while: node tools/fuzz.mjs [seconds per target] [target ...] [--build=folder].
// Seeds are read from tests/fuzz/corpus/<target>/ and never written; what a run learns stays in the build folder. A failing input is left
// there too, named in the output, and makes this program fail.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const kRoot = join(dirname(fileURLToPath(import.meta.url)), '..');
const kSources = join(kRoot, 'tests', 'fuzz');
const kSuffix = '_fuzz.cpp';
const kLongestInput_bytes = 4096;

const given = process.argv.slice(2);
const folder = resolve(given.find((word) => word.startsWith('--build='))?.slice('--build='.length) ?? join(kRoot, 'build', 'fuzz'));
const plain = given.filter((word) => !word.startsWith('--'));
const seconds = plain.length > 0 ? Number(plain[0]) : 10;
const known = readdirSync(kSources).filter((file) => file.endsWith(kSuffix)).map((file) => file.slice(0, -kSuffix.length)).sort();
const targets = plain.length > 1 ? plain.slice(1) : known;

function fail(message) {
  console.error(message);
  process.exit(1);
}

function run(program, args) {
  const done = spawnSync(program, args, { cwd: kRoot, encoding: 'utf8', maxBuffer: 64 << 20 });
  return { ok: done.status === 0, output: `${done.error?.message ?? ''}${done.stdout ?? ''}${done.stderr ?? ''}` };
}

function mustRun(program, args) {
  const { ok, output } = run(program, args);
  if (!ok) fail(`${program} ${args.join(' ')}\n${output}`);
}

/** Fuzzes one target; true when nothing was found. */
function fuzz(target) {
  const learned = join(folder, 'learned', target);
  mkdirSync(learned, { recursive: true });
  const { ok, output } = run(join(folder, 'tests', 'fuzz', `${target}_fuzz`), [learned, join(kSources, 'corpus', target), `-max_total_time=${seconds}`,
    `-max_len=${kLongestInput_bytes}`, '-timeout=10', '-rss_limit_mb=1024', `-artifact_prefix=${learned}-`, '-print_final_stats=1']);
  const figure = (name) => new RegExp(`${name}:\\s*(\\d+)`).exec(output)?.[1] ?? '?';
  console.log(`${target.padEnd(14)} ${ok ? 'ok' : 'FAILED'}  ${figure('stat::number_of_executed_units')} inputs, ${figure('stat::new_units_added')} of them new paths`);
  if (!ok) console.error(output.split('\n').slice(-60).join('\n'));
  return ok;
}

if (!Number.isInteger(seconds) || seconds < 1) fail('the seconds per target must be a whole number from 1');
const unknown = targets.filter((target) => !known.includes(target));
if (unknown.length > 0) fail(`no such target: ${unknown.join(', ')}; there are: ${known.join(', ')}`);
mustRun('cmake', ['--preset', 'fuzz', '-B', folder]);
mustRun('cmake', ['--build', folder, '-j2', '--target', ...targets.map((target) => `${target}_fuzz`)]);
const results = targets.map(fuzz);
process.exit(results.every(Boolean) ? 0 : 1);
