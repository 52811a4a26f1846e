// Runs a folder's *.test.mjs (node_tests.mjs) against one throw-away PostgreSQL; the last line is "N passed, N failed".
// Each file makes databases of its own in that cluster (tests/sql/support.mjs), so files may run side by side.
import { fileURLToPath } from 'node:url';
import { runNodeTests } from './node_tests.mjs';
import { startTestPostgres } from './test_postgres.mjs';

// The embedded database prints each error it answers; here they are what is tested.
const isExpectedNoise = (event) => event.type === 'test:stderr' && event.data.message.startsWith('database: ');

/** `last`: a file of the folder that runs after all others, as a path below it. */
export async function runFolder(folderUrl, { last } = {}) {
  // Told to end, it takes the cluster with it: that is done at exit.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  const cluster = await startTestPostgres();
  process.env.EDGEPOOL_TEST_POSTGRES = cluster.url;
  try {
    process.exitCode = await runNodeTests(folderUrl, { isNoise: isExpectedNoise, last: last && fileURLToPath(new URL(last, folderUrl)) });
  } finally {
    await cluster.stop();
  }
}
