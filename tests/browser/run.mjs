// The pages in Debian's Chromium, driven by Playwright, against workerd with the real module, assets and database. Arguments pick files
// by a part of their name; the last line is "N passed, N failed".
// After them, all that they produced is searched for all secrets that they made.
import { runFolder } from '../../tools/run_node_tests.mjs';
import { keepTraces } from '../e2e/support/traces.mjs';

keepTraces();
await runFolder(new URL('./', import.meta.url), { last: '../e2e/last/no_secret_anywhere.test.mjs' });
