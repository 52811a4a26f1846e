// Runs the tests of the practice upstream; the last line is "N passed, N failed".
import { runNodeTests } from '../../tools/node_tests.mjs';

process.exitCode = await runNodeTests(import.meta.url);
