// The whole pool, end to end: workerd runs the worker, PostgreSQL behind PostgREST keeps the truth, the practice upstream plays the
// providers, and real clients ask. Arguments pick files by a part of their name; the last line is "N passed, N failed".
import { runFolder } from '../../tools/run_node_tests.mjs';

await runFolder(new URL('./', import.meta.url));
