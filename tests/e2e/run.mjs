// The whole pool, end to end: workerd runs the worker, PostgreSQL behind PostgREST keeps the truth, the practice upstream plays the
// providers, and real clients ask. Arguments pick files by a part of their name; the last line is "N passed, N failed".
// After them, all that they produced is searched for all secrets that they made.
import { runFolder } from '../../tools/run_node_tests.mjs';
import { keepTraces } from './support/traces.mjs';

keepTraces();
await runFolder(new URL('./', import.meta.url), { last: './last/no_secret_anywhere.test.mjs' });
