// Runs the tests of the tools that newcomers meet: npm start and npm test. The last line is "N passed, N failed".
import { runNodeTests } from '../../tools/node_tests.mjs';

process.exitCode = await runNodeTests(import.meta.url);
