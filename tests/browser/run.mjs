// The pages in Debian's Chromium, driven by Playwright, against workerd with the real module, assets and database. Arguments pick files
// by a part of their name; the last line is "N passed, N failed".
import { runFolder } from '../../tools/run_node_tests.mjs';

await runFolder(new URL('./', import.meta.url));
