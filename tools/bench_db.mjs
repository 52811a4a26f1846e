// Times the pool_* functions on PostgreSQL at the size the pool is meant for, shows their plans, and weighs the tables.
//
//   node tools/bench_db.mjs [--keys 100000] [--runs 40] [--no-plans]
// Starts a throw-away PostgreSQL of its own (tools/test_postgres.mjs) and removes it afterwards.
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import postgres from 'postgres';
import { startEmbeddedDatabase } from './embedded_database.mjs';
import { startTestPostgres } from './test_postgres.mjs';

const { values: options } = parseArgs({
  options: { keys: { type: 'string', default: '100000' }, runs: { type: 'string', default: '40' }, 'no-plans': { type: 'boolean', default: false } },
});
const kKeys = Number(options.keys);
const kRuns = Number(options.runs);
const kTokens = 10_000;
const kModels = 50;
const kDays = 30;

// A pool as it looks in use: 90 % active, the rest benched, back from a bench, disabled, expired or about to expire.
const seedSql = (prefix, keys, tokens) => `
  insert into ${prefix}_keys (api_key, username, status, failed_until, expires_at, created_at, consecutive_failures, reason, state_at)
  select 'sk-or-v1-' || encode(sha256(('${prefix}' || n)::bytea), 'hex'), 'user-' || n || '@company-' || n % 997 || '.example',
         case when n % 50 in (1, 2, 3) then 'failed' when n % 50 = 4 then 'disabled' when n % 100 = 5 then 'expired' else 'active' end,
         case when n % 50 in (1, 2) then now() + (n % 7200) * interval '1 second' when n % 50 = 3 then now() - interval '5 minutes' end,
         case when n % 100 = 55 then now() + interval '40 days' end, now() - (n % 86400) * interval '1 minute', n % 4,
         case when n % 50 in (1, 2, 3) then 'rate_limited' end, now() - interval '10 minutes'
    from generate_series(1, ${keys}) as n;
  insert into ${prefix}_key_stats (api_key, total_requests, success_count, failure_count, success_rate, last_used, last_success, prompt_tokens, completion_tokens, cost_nano)
  select api_key, 1000, 990, 10, 99.00, now(), now(), 500000, 300000, 12345678 from ${prefix}_keys;
  insert into ${prefix}_key_benches (key_id, model, reason, until, state_at, updated_at)
  select id, 'model-' || length(username) % ${kModels}, 'not_included', now() + interval '3 hours', now(), now() from ${prefix}_keys where id < '05';
  insert into ${prefix}_client_tokens (token, name, hint, limits)
  select 'sha256:' || encode(sha256(('t' || n)::bytea), 'hex'), 'team ' || n, 'ep-...' || n, '{"rpm": 60}' from generate_series(1, ${tokens}) as n;
  insert into ${prefix}_model_stats (provider, model, total_requests, success_count, failure_count, last_used)
  select '${prefix.replace('_api', '')}', 'vendor/model-' || n, n * 1000, n * 990, n * 10, now() from generate_series(1, ${kModels}) as n;
  insert into ${prefix}_model_hourly (provider, model, hour, requests, success, failure)
  select '${prefix.replace('_api', '')}', 'vendor/model-' || n, date_trunc('hour', now(), 'UTC') - h * interval '1 hour', 100, 99, 1
    from generate_series(0, ${kDays * 24 - 1}) as h, generate_series(1, ${kModels}) as n;`;

const hex = (bytes) => randomBytes(bytes).toString('hex');
const milliseconds = (n) => `${n.toFixed(2).padStart(9)} ms`;

// The body answers its own time when it knows a better one than the clock around it.
async function timed(runs, body) {
  await body(0);
  await body(1);
  const times = [];
  for (let run = 0; run < runs; run += 1) {
    const begun = performance.now();
    const own = await body(run + 2);
    times.push(typeof own === 'number' ? own : performance.now() - begun);
  }
  times.sort((a, b) => a - b);
  return { best: times[0], median: times[Math.floor(times.length / 2)], p95: times[Math.floor(times.length * 0.95)] };
}

function flush(ids, hashes, verdicts) {
  const now = Date.now();
  const figures = { requests: 3, success: 2, failure: 1, prompt: 900, completion: 300, cached: 0, reasoning: 0, estimated: 0, cost_nano: '1234' };
  return {
    provider: 'openrouter', batch: hex(16), at_ms: now,
    models: Array.from({ length: 10 }, (_, n) => ({ model: `vendor/model-${n + 1}`, hour_ms: now, ...figures })),
    keys: ids.map((id) => ({ id, ...figures, last_used_ms: now, last_success_ms: now, last_failure_ms: now, fails: 1, fails_reset: true })),
    tokens: hashes.map((hash) => ({ hash, ...figures, last_used_ms: now })),
    verdicts: ids.slice(0, verdicts).map((id) => ({ id, state: 'benched', reason: 'rate_limited', until_ms: now + 60_000, at_ms: now, refusals: 0 })),
  };
}

async function showPlans(sql, name, argument) {
  const plans = [];
  const connection = postgres(sql.options.connectionUrl, { max: 1, onnotice: (notice) => plans.push(notice.message) });
  await connection.unsafe(`load 'auto_explain'; set auto_explain.log_min_duration = 0; set auto_explain.log_nested_statements = on;
    set auto_explain.log_analyze = on; set auto_explain.log_timing = off; set auto_explain.log_buffers = on; set client_min_messages = log`);
  await connection.unsafe(`select public.${name}($1::text::jsonb)`, [JSON.stringify(argument)]);
  await connection.end();
  console.log(`\n---- ${name} ${JSON.stringify(argument)}`);
  for (const plan of plans.filter((text) => /Scan on|Index .*Scan/.test(text) && /_api_/.test(text))) {
    const lines = plan.slice(plan.indexOf('\n', plan.indexOf('Query Text')) + 1).split('\n');
    console.log(lines.filter((line) => /->|Scan|Limit|Sort|Aggregate|Index Cond|Filter|rows=/.test(line) && !/^\s*(select|from|with|where)/i.test(line)).join('\n'));
  }
}

async function sizesOf(sql, prefix) {
  const rows = await sql.unsafe(`select relname, pg_table_size(oid)::bigint as heap, pg_indexes_size(oid)::bigint as indexes
     from pg_class where relkind = 'r' and relname like '${prefix}\\_%' order by relname`);
  return rows.map((row) => ({ table: row.relname, heap: Number(row.heap), indexes: Number(row.indexes) }));
}

const megabytes = (bytes) => (bytes / 1e6).toFixed(2).padStart(8);

function printSizes(title, rows) {
  console.log(`\n${title}\n${'table'.padEnd(32)}${'heap MB'.padStart(8)} ${'indexes'.padStart(8)} ${'total'.padStart(8)}`);
  for (const row of rows) console.log(`${row.table.padEnd(32)}${megabytes(row.heap)} ${megabytes(row.indexes)} ${megabytes(row.heap + row.indexes)}`);
  console.log(`${'total'.padEnd(32)}${' '.repeat(18)}${megabytes(rows.reduce((sum, row) => sum + row.heap + row.indexes, 0))}`);
}

const cluster = await startTestPostgres();
let database;
let sql;
try {
  database = await startEmbeddedDatabase({ databaseUrl: cluster.url });
  sql = postgres(cluster.url, { max: 1, onnotice() {}, transform: {} });
  sql.options.connectionUrl = cluster.url;
  const [{ version }] = await sql`select version()`;
  console.log(version.split(',')[0]);
  console.log(`openrouter: ${kKeys} keys, ${kTokens} tokens, ${kDays} days of hourly rows for ${kModels} models; ollama: 10000 keys, 100 tokens, the same hours`);
  await sql.unsafe(seedSql('openrouter_api', kKeys, kTokens));
  await sql.unsafe(seedSql('ollama_api', 10_000, 100));
  await sql.unsafe('vacuum analyze');

  const call = (name, argument) => sql.unsafe(`select public.${name}($1::text::jsonb) as answer`, [JSON.stringify(argument)]).then(([row]) => row.answer);
  // Planning and execution as PostgreSQL itself measures them, without the client's parsing of the answer.
  const serverTime = async (name, argument) => {
    const [row] = await sql.unsafe(`explain (analyze, timing off, format json) select public.${name}($1::text::jsonb)`, [JSON.stringify(argument)]);
    const [plan] = row['QUERY PLAN'];
    return plan['Planning Time'] + plan['Execution Time'];
  };
  const rpc = async (name, argument) => {
    const response = await fetch(`${database.url}/rpc/${name}`, { method: 'POST', body: JSON.stringify({ p: argument }),
      headers: { 'content-type': 'application/json', apikey: database.serviceKey } });
    if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const slice = await call('pool_take', { provider: 'openrouter', limit: 512, start: hex(8) });
  const ids = slice.keys.map((key) => key.id);
  const hashes = (await call('pool_tokens_list', { provider: 'openrouter', page: 1, page_size: 50 })).tokens.map((token) => token.hash);
  const since = slice.next_since_ms;
  const spread = (run, count) => Array.from({ length: count }, (_, n) => ids[(run * 37 + n * 7) % ids.length]).filter((id, n, all) => all.indexOf(id) === n);

  const measured = [
    ['take 512, with a token', 'pool_take', () => ({ provider: 'openrouter', limit: 512, start: hex(8), token_hash: hashes[0] })],
    ['changes since the last stamp', 'pool_changes', () => ({ provider: 'openrouter', since_ms: since })],
    ['list, first page of 50', 'pool_keys_list', () => ({ provider: 'openrouter', page: 1, page_size: 50 })],
    ['list, search in user name', 'pool_keys_list', (run) => ({ provider: 'openrouter', page: 1, page_size: 50, search: `company-${100 + run}.` })],
    ['list, search by id', 'pool_keys_list', (run) => ({ provider: 'openrouter', page: 1, page_size: 50, search: ids[run].slice(0, 8) })],
    ['list, status failed', 'pool_keys_list', () => ({ provider: 'openrouter', page: 1, page_size: 50, status: 'failed' })],
    ['list, status disabled', 'pool_keys_list', () => ({ provider: 'openrouter', page: 1, page_size: 50, status: 'disabled' })],
    ['list, search matching all', 'pool_keys_list', () => ({ provider: 'openrouter', page: 1, page_size: 50, search: 'user-' })],
    ['list, page 1000', 'pool_keys_list', () => ({ provider: 'openrouter', page: 1000, page_size: 50 })],
    ['one key', 'pool_keys_get', (run) => ({ provider: 'openrouter', id: ids[run] })],
    ['public figures', 'pool_public_stats', () => ({ provider: 'openrouter', offset_minutes: 480 })],
    ['admin figures', 'pool_admin_stats', () => ({ provider: 'openrouter' })],
    ['tokens, first page of 50', 'pool_tokens_list', () => ({ provider: 'openrouter', page: 1, page_size: 50 })],
    ['record 10 models, 50 keys, 10 tokens', 'pool_record', (run) => flush(spread(run, 50), hashes.slice(0, 10), 0)],
    ['the same with 5 verdicts', 'pool_record', (run) => flush(spread(run, 50), hashes.slice(0, 10), 5)],
    ['record 10 models, 512 keys, 50 tokens', 'pool_record', (run) => flush(spread(run, 512), hashes, 0)],
    ['prune, nothing to do', 'pool_prune', () => ({ provider: 'openrouter', days: 30 })],
  ];
  console.log(`\nin the server: planning and execution, of ${kRuns} runs; on a busy machine the fastest is the one to compare\n` +
    `${'what'.padEnd(38)}${'fastest'.padStart(12)}${'median'.padStart(12)}${'p95'.padStart(12)}   through PostgREST (median)`);
  const measure = async ([title, name, argument]) => {
    const direct = await timed(kRuns, (run) => serverTime(name, argument(run)));
    const http = await timed(Math.min(kRuns, 15), async (run) => { await rpc(name, argument(run + 100)); });
    console.log(`${title.padEnd(38)}${milliseconds(direct.best)}${milliseconds(direct.median)}${milliseconds(direct.p95)}   ${milliseconds(http.median)}`);
  };
  for (const each of measured) await measure(each);
  const import_ = Array.from({ length: 10_000 }, () => ({ key: `sk-or-v1-${hex(32)}`, username: `new-${hex(4)}` }));
  const begun = performance.now();
  await call('pool_keys_add', { provider: 'openrouter', keys: import_ });
  console.log(`${'import 10000 keys, one call'.padEnd(38)}${milliseconds(performance.now() - begun)}`);

  await sql.unsafe(`update openrouter_api_keys set status = 'failed', failed_until = now() + interval '1 hour' where id > '0d'`);
  await sql.unsafe('vacuum analyze openrouter_api_keys');
  await measure(['take 512 with 95 % benched', 'pool_take', () => ({ provider: 'openrouter', limit: 512, start: hex(8) })]);
  await measure(['public figures with 95 % benched', 'pool_public_stats', () => ({ provider: 'openrouter' })]);
  await sql.unsafe(`update openrouter_api_keys set status = 'active', failed_until = null where id > '0d'`);
  await sql.unsafe('vacuum (full, analyze) openrouter_api_keys');

  printSizes(`size on disk, ollama with 10000 keys (the guide: keys ~2 MB, stats ~5, models ~1, hourly ~10, together ~18 MB)`, await sizesOf(sql, 'ollama_api'));
  await sql.unsafe('vacuum analyze');
  printSizes(`size on disk, openrouter with ${kKeys + 10_000} keys and ${kTokens} tokens, after this benchmark's writes`, await sizesOf(sql, 'openrouter_api'));
  await sql`insert into edgepool.batches select gen_random_uuid(), 'openrouter', now() - n * interval '1 second', 1000 from generate_series(1, 50000) as n`;
  const [marks] = await sql`select pg_total_relation_size('edgepool.batches')::int / count(*)::int as bytes from edgepool.batches`;
  console.log(`a batch mark: ${marks.bytes} bytes, so a day of one flush a second is ${megabytes(marks.bytes * 86_400).trim()} MB`);

  if (!options['no-plans']) {
    await showPlans(sql, 'pool_take', { provider: 'openrouter', limit: 512, start: ids[100] });
    await showPlans(sql, 'pool_keys_list', { provider: 'openrouter', page: 1, page_size: 50, search: 'company-123.' });
    await showPlans(sql, 'pool_public_stats', { provider: 'openrouter' });
    await showPlans(sql, 'pool_changes', { provider: 'openrouter', since_ms: Date.now() });
  }
} finally {
  await sql?.end();
  await database?.stop();
  await cluster.stop();
}
