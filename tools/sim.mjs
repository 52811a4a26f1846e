// Builds the simulation (release) and runs it: npm run sim -- --seeds 1000 [--first 1] [--hours 24] [--plant BUG | --canaries]
// [--build=folder]. Seeds are split over the machine's cores; the closing lines sum them up. Fails when any seed shows a violation.
import { spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const kRoot = join(dirname(fileURLToPath(import.meta.url)), '..');
const kDefaultSeeds = 1000;

const given = process.argv.slice(2);
const folder = resolve(given.find((word) => word.startsWith('--build='))?.slice('--build='.length) ?? join(kRoot, 'build', 'release'));
const words = given.filter((word) => !word.startsWith('--build='));

function takeNumber(name, otherwise) {
  const at = words.indexOf(name);
  if (at < 0) return otherwise;
  const [, value] = words.splice(at, 2);
  if (!/^[1-9]\d*$/.test(value ?? '')) fail(`${name} wants a whole number from 1`);
  return Number(value);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

function mustRun(program, args) {
  const done = spawnSync(program, args, { cwd: kRoot, encoding: 'utf8', maxBuffer: 64 << 20 });
  if (done.status !== 0) fail(`${program} ${args.join(' ')}\n${done.error?.message ?? ''}${done.stdout ?? ''}${done.stderr ?? ''}`);
}

/** Runs one share of the seeds; answers its exit code and output. */
function run(args) {
  return new Promise((done) => {
    const child = spawn(join(folder, 'tests', 'sim', 'sim'), args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', (error) => fail(error.message));
    child.once('close', (code) => done({ code, output }));
  });
}

/** Adds up the figures of lines that differ in nothing but them; other lines (violations) stay as they are. */
function sum(outputs) {
  const totals = new Map();
  const others = [];
  for (const line of outputs.flatMap((output) => output.trimEnd().split('\n'))) {
    if (line.startsWith(' ')) others.push(line);
    else {
      const shape = line.replace(/\d+/g, '#');
      const figures = (line.match(/\d+/g) ?? []).map(Number);
      totals.set(shape, (totals.get(shape) ?? figures.map(() => 0)).map((total, i) => total + figures[i]));
    }
  }
  const lines = [...totals].map(([shape, figures]) => shape.replace(/#/g, () => figures.shift()));
  return [...others, ...lines].join('\n');
}

const seeds = takeNumber('--seeds', kDefaultSeeds);
const first = takeNumber('--first', 1);
mustRun('cmake', ['--preset', 'release', '-B', folder]);
mustRun('cmake', ['--build', folder, '-j2', '--target', 'sim']);

if (words.includes('--canaries')) {
  const { code, output } = await run(['--seeds', `${seeds}`, '--first', `${first}`, ...words]);
  process.stdout.write(output);
  process.exit(code ?? 1);
}
const workers = Math.min(availableParallelism(), seeds);
const shares = Array.from({ length: workers }, (_, i) => {
  const from = Math.floor((seeds * i) / workers);
  return ['--seeds', `${Math.floor((seeds * (i + 1)) / workers) - from}`, '--first', `${first + from}`, ...words];
});
const results = await Promise.all(shares.map(run));
console.log(sum(results.map(({ output }) => output)));
process.exit(results.every(({ code }) => code === 0) ? 0 : 1);
