// The Wasm module and the shim at their boundary, in Node. Arguments pick files by a part of their name; the last line is
// "N passed, N failed".
import { runNodeTests } from '../../tools/node_tests.mjs';

process.exitCode = await runNodeTests(import.meta.url);
