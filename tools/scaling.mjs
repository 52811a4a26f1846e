// What hundreds of isolates ask of one database, by simulation of the real core in virtual time (tests/scaling), written into docs/SCALING.md.
//
//   npm run scaling [-- --quick]     --quick writes nothing
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { kRoot } from './setup.mjs';
import { writeMeasured } from './bench/report.mjs';

const isQuick = process.argv.includes('--quick');

function mustRun(program, args) {
  const done = spawnSync(program, args, { cwd: kRoot, encoding: 'utf8', maxBuffer: 64 << 20 });
  if (done.status === 0) return done.stdout;
  console.error(`${program} ${args.join(' ')}\n${done.error?.message ?? ''}${done.stdout ?? ''}${done.stderr ?? ''}`);
  process.exit(1);
}

mustRun('cmake', ['--preset', 'release']);
mustRun('cmake', ['--build', '--preset', 'release', '-j2', '--target', 'scaling']);
const table = mustRun(join(kRoot, 'build', 'release', 'tests', 'scaling', 'scaling'), isQuick ? ['--quick'] : []).trim();
console.log(table);
if (!isQuick) writeMeasured(join(kRoot, 'docs', 'SCALING.md'), 'scaling', table);
