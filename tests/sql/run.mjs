// Runs the tests of this folder; arguments pick files by a part of their name.
import { runFolder } from '../../tools/run_node_tests.mjs';

await runFolder(new URL('./', import.meta.url));
