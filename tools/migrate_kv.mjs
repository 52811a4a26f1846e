// npm run migrate:kv -- --namespace-id <id> [--local] [--persist-to <folder>] [--yes]
// Takes the keys and client tokens of the older deployment over from its KV namespace. Without --yes it only says what it would do.
// Nothing in the namespace is changed. The pool is named by SUPABASE_REST_URL and SUPABASE_SERVICE_ROLE_KEY in the environment.
import { parseArgs } from 'node:util';
import { PoolDatabase } from './local/practice_pool.mjs';
import { importPlan } from './migrate/import_plan.mjs';
import { isRead, planOf } from './migrate/kv_layout.mjs';
import { WranglerFailed, WranglerKv } from './migrate/wrangler_kv.mjs';
import { Progress } from './progress.mjs';

const kUsage = `Usage: npm run migrate:kv -- --namespace-id <id> [options]
  --binding <name>      the namespace by its binding in the Wrangler configuration, instead of its id
  --config <file>       that configuration
  --local               a local namespace (wrangler dev's), not Cloudflare's
  --persist-to <folder> where the local one is kept
  --yes                 import; without it only the plan is shown
Where to import to: SUPABASE_REST_URL and SUPABASE_SERVICE_ROLE_KEY in the environment.`;
const kShownLines = 20;

class CannotMigrate extends Error {}

function readOptions(args) {
  try {
    const { values } = parseArgs({ args, options: { 'namespace-id': { type: 'string' }, binding: { type: 'string' }, config: { type: 'string' }, local: { type: 'boolean' },
      'persist-to': { type: 'string' }, yes: { type: 'boolean' }, help: { type: 'boolean' } } });
    return values;
  } catch (error) {
    throw new CannotMigrate(`${error.message}\n\n${kUsage}`);
  }
}

function placeOf(options) {
  if (Boolean(options['namespace-id']) === Boolean(options.binding)) throw new CannotMigrate(`Name the namespace, by --namespace-id or by --binding.\n\n${kUsage}`);
  const place = options.local ? ['--local'] : ['--remote'];
  for (const name of ['namespace-id', 'binding', 'config', 'persist-to']) if (options[name]) place.push(`--${name}`, options[name]);
  return place;
}

function poolOf({ SUPABASE_REST_URL: url, SUPABASE_SERVICE_ROLE_KEY: key }) {
  if (!url || !key) throw new CannotMigrate('Set SUPABASE_REST_URL and SUPABASE_SERVICE_ROLE_KEY: the database to import into.');
  return new PoolDatabase(url, key);
}

function showList(title, lines) {
  if (lines.length === 0) return;
  console.log(`\n${title}`);
  for (const line of lines.slice(0, kShownLines)) console.log(`  ${line}`);
  if (lines.length > kShownLines) console.log(`  ... and ${lines.length - kShownLines} more`);
}

function showPlan(plan, entries) {
  console.log(`\n${entries.length} entries. To be taken over:`);
  for (const [provider, { keys, tokens }] of Object.entries(plan.providers)) {
    const rows = [...keys.values()];
    const of = (test) => rows.filter(test).length;
    console.log(`  ${provider.padEnd(10)} ${keys.size} keys (${of((row) => row.username)} with a name, ${of((row) => row.expires_ms !== null)} that end, ${of((row) => row.disabled)} disabled), ${tokens.length} client tokens`);
  }
  showList('Left behind (benches that end by themselves, figures that start anew, caches, and what belongs to no key):',
    Object.entries(plan.leftBehind).map(([kind, count]) => `${count} × ${kind}`));
  showList('Problems:', plan.problems);
  showList('Not known to this layout, and not taken over:', plan.unknown);
}

async function migrate(args) {
  const options = readOptions(args);
  if (options.help) {
    console.log(kUsage);
    return;
  }
  const kv = new WranglerKv(placeOf(options));
  const database = options.yes ? poolOf(process.env) : null;
  const progress = new Progress();
  const entries = await progress.step('Listing the namespace', () => kv.entries());
  const names = entries.map(({ name }) => name).filter(isRead);
  const values = await progress.step(`Reading ${names.length} entries`, (note) => kv.values(names, (count) => note(`${count} of ${names.length}`)));
  const plan = planOf(entries, values, Date.now());
  showPlan(plan, entries);
  if (!database) {
    console.log('\nNothing was changed. With --yes it is imported.');
    return;
  }
  const reports = await progress.step('Importing', () => importPlan(database, plan));
  console.log('');
  for (const [provider, report] of Object.entries(reports)) {
    console.log(`  ${provider.padEnd(10)} keys: ${report.keysAdded} added, ${report.keysExisting} there already, ${report.keysDisabled} disabled; client tokens: ${report.tokensAdded} added, ${report.tokensExisting} there already`);
  }
  if (plan.problems.length > 0 || plan.unknown.length > 0) console.log('\nThe rest is done; what is listed above as a problem or as not known was left out.');
}

try {
  await migrate(process.argv.slice(2));
} catch (error) {
  const isExpected = error instanceof CannotMigrate || error instanceof WranglerFailed;
  console.error(isExpected ? error.message : `The migration broke off and can be run again: ${error.message}`);
  process.exitCode = 1;
}
