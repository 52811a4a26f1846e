// Runs the *.test.mjs files of a folder with node:test, and says at the end "N passed, N failed". Arguments of the program
// that calls it pick files by a part of their name. A folder without a test that ran counts as one failure.
import { readdirSync } from 'node:fs';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

/** Answers the exit code. `concurrency`: how many files at once; `isNoise(event)`: what is not shown; `last`: a file that runs after all. */
export async function runNodeTests(folderUrl, { concurrency = 2, isNoise = () => false, last } = {}) {
  const folder = new URL('./', folderUrl);
  const wanted = process.argv.slice(2);
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.test.mjs') && (wanted.length === 0 || wanted.some((part) => name.includes(part))))
    .map((name) => fileURLToPath(new URL(name, folder)));
  const count = { passed: 0, failed: 0 };
  // Groups are not tests; a file that failed outside its tests is one failure.
  const isGroup = (event) => event.details?.type === 'suite' || event.name === last || files.includes(event.name);
  for (const batch of last && files.length > 0 ? [files, [last]] : [files]) {
    const events = run({ files: batch, concurrency });
    events.on('test:pass', (event) => { if (!isGroup(event)) count.passed++; });
    events.on('test:fail', (event) => { if (!isGroup(event) || event.details?.error?.failureType !== 'subtestsFailed') count.failed++; });
    const report = events.filter((event) => !isNoise(event)).compose(spec);
    report.pipe(process.stdout, { end: false });
    await new Promise((done, failed) => report.once('end', done).once('error', failed));
  }
  if (count.passed + count.failed === 0) count.failed = 1;
  console.log(`${count.passed} passed, ${count.failed} failed`);
  return count.failed === 0 ? 0 : 1;
}
