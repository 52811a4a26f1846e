// npm start: the whole pool on this machine, ready to be asked. Sets up, builds, starts the embedded database, the practice
// upstream and wrangler dev, and prints a line that works. Environment: PORT, ADMIN_TOKEN, EDGEPOOL_DATA_DIR, OLLAMA_BASE_URL,
// OPENROUTER_BASE_URL, SUPABASE_REST_URL with SUPABASE_SERVICE_ROLE_KEY, DATABASE_URL (see README.md). Ctrl-C ends it all.
import { runSetUp } from './setup.mjs';

await runSetUp(import.meta.url, 'start', async () => (await import('./local/local_pool.mjs')).runLocalPool(process.env));
