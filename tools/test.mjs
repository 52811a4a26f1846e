// npm test: every suite in order, each in a row of kSuites (tools/test_suites.mjs), and as the last line "N passed, N failed".
// npm test -- native e2e runs only those; a name that is no suite picks native programs (npm test -- unit).
import { runSetUp } from './setup.mjs';

await runSetUp(import.meta.url, 'test', async () => (await import('./test_suites.mjs')).runSuites(process.argv.slice(2)));
