// Runs a folder's *.test.mjs against one throw-away PostgreSQL and prints, as its last line, "N passed, N failed".
// Each file makes databases of its own in that cluster (tests/sql/support.mjs), so files may run side by side.
import { readdirSync } from 'node:fs';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { startTestPostgres } from './test_postgres.mjs';

export async function runFolder(folderUrl) {
  const wanted = process.argv.slice(2);
  const files = readdirSync(folderUrl)
    .filter((name) => name.endsWith('.test.mjs') && (wanted.length === 0 || wanted.some((part) => name.includes(part))))
    .map((name) => fileURLToPath(new URL(name, folderUrl)));
  // Told to end, it takes the cluster with it: that is done at exit.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  const cluster = await startTestPostgres();
  process.env.EDGEPOOL_TEST_POSTGRES = cluster.url;
  const count = { passed: 0, failed: 0 };
  try {
    const events = run({ files, concurrency: 2 });
    // A file's own entry counts only when it failed outside its tests.
    const isFile = (event) => event.details?.type === 'suite' || files.includes(event.name);
    events.on('test:pass', (event) => { if (!isFile(event)) count.passed += 1; });
    events.on('test:fail', (event) => { if (!isFile(event) || event.details?.error?.failureType !== 'subtestsFailed') count.failed += 1; });
    // The embedded database prints each error it answers; here they are what is tested.
    const isExpectedNoise = (event) => event.type === 'test:stderr' && event.data.message.startsWith('database: ');
    const report = events.filter((event) => !isExpectedNoise(event)).compose(spec);
    report.pipe(process.stdout);
    await new Promise((resolve, reject) => report.once('end', resolve).once('error', reject));
  } finally {
    await cluster.stop();
  }
  if (files.length === 0 || count.passed + count.failed === 0) count.failed += 1;
  console.log(`${count.passed} passed, ${count.failed} failed`);
  process.exitCode = count.failed === 0 ? 0 : 1;
}
