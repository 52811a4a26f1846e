// The embedded database: @supabase/lite's PostgREST over PGlite (a folder, or memory) or over a PostgreSQL server, on
// 127.0.0.1, with edgepool's schema applied. For development and tests; production is Supabase itself.
//
//   import { startEmbeddedDatabase } from './embedded_database.mjs';
//   const db = await startEmbeddedDatabase({ dataDir });   // { url, serviceKey, publishableKey, schema, sql, stop }
//
//   node tools/embedded_database.mjs [--data-dir DIR | --database-url URL] [--port N]
// prints one line of JSON when it is ready: {"url": ".../rest/v1", "serviceKey": "sb_secret_..."}. The key is new at each
// start unless SUPABASE_SERVICE_ROLE_KEY gives one. One process at a time may use a folder: nothing locks it.
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inspect, parseArgs } from 'node:util';
import { kProjectRolesSql } from './local/project_roles.mjs';

// Read by @supabase/lite when it is loaded, so it is loaded after this.
process.env.LITE_TELEMETRY = '0';
process.env.DO_NOT_TRACK = '1';

const kSchemaFile = fileURLToPath(new URL('../sql/schema.sql', import.meta.url));

// What a Supabase project has before any schema of ours: the roles, and its generous default privileges, kept here so
// that tests meet the same defaults that sql/ has to take back.
const kProjectSql = `${kProjectRolesSql}
create schema if not exists auth;
create schema if not exists extensions;
grant usage on schema public, auth, extensions to anon, authenticated, service_role;
alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges in schema public grant all on functions to anon, authenticated, service_role;
alter default privileges in schema public grant all on sequences to anon, authenticated, service_role;`;

const postgrestTime = (text) => text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00');

async function openPglite(dataDir) {
  const { createPgliteConnection } = await import('@supabase/lite/pglite');
  if (dataDir) mkdirSync(dataDir, { recursive: true });
  const parsers = {
    20: (text) => (Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text)),
    1700: Number,
    1184: postgrestTime,
    1114: (text) => text.replace(' ', 'T'),
  };
  const connection = await createPgliteConnection({ url: dataDir, pgliteOptions: { parsers } });
  const run = async (text) => (await connection.driver.exec(text)).at(-1)?.rows ?? [];
  return { connection, run };
}

async function openPostgres(databaseUrl) {
  const { createPostgresConnection } = await import('@supabase/lite/postgres');
  // lite hands json over as text; the driver would quote it a second time.
  const serialize = (value) => (typeof value === 'string' ? value : JSON.stringify(value));
  const connection = createPostgresConnection({
    url: databaseUrl,
    postgresOptions: {
      onnotice() {},
      max: 12,
      types: {
        json: { to: 114, from: [114], serialize, parse: JSON.parse },
        jsonb: { to: 3802, from: [3802], serialize, parse: JSON.parse },
        numeric: { to: 1700, from: [1700], serialize: String, parse: Number },
        timestamptz: { to: 1184, from: [1184], serialize: (x) => x, parse: postgrestTime },
      },
    },
  });
  const run = async (text) => {
    const results = await connection.driver.unsafe(text);
    return Array.isArray(results.at?.(-1)) ? [...results.at(-1)] : [...results];
  };
  return { connection, run };
}

// PostgREST's mapping of SQLSTATE to HTTP status; lite makes everything off a short list a 500.
function httpStatusOf(sqlstate) {
  const exact = { '23503': 409, '23505': 409, '25006': 405, '53400': 500, P0001: 400, '42883': 404, '42P01': 404, '42P17': 500 };
  const classes = { '08': 503, '09': 500, '0L': 403, '0P': 403, '25': 500, '28': 403, '2D': 500, '38': 500, '39': 500, '3B': 500, '40': 500,
    '53': 503, '54': 500, '55': 500, '57': 500, '58': 500, F0: 500, HV: 500, P0: 500, XX: 500 };
  return exact[sqlstate] ?? classes[sqlstate.slice(0, 2)] ?? 400;
}

// lite prints every error it answers. The driver's own error carries the call's parameters, keys among them, so only
// what the client is told anyway goes on; and in one line.
function plainError(code, message, fields) {
  const error = Object.assign(new Error(message), { code, ...fields });
  const line = `database: ${code} ${message}${code === 'PGRST' || !fields.detail ? '' : ` (${fields.detail})`}`;
  Object.defineProperty(error, inspect.custom, { value: () => line });
  return error;
}

function answerErrorsAsPostgrest(connection) {
  const original = connection.normalizeDbError.bind(connection);
  connection.normalizeDbError = (error) => {
    const known = original(error);
    const code = known?.code;
    if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) return known;
    const body = { code, message: known.message, details: known.detail ?? null, hint: known.hint ?? null };
    if (/^PT\d{3}$|^PGRST$/.test(code) || code === '42501' || code === '42703') {
      return plainError(code, known.message, { detail: known.detail, hint: known.hint });
    }
    return plainError('PGRST', JSON.stringify(body), { detail: JSON.stringify({ status: httpStatusOf(code), headers: {} }) });
  };
}

// Applies a schema unless this very text was the last one applied; answers "applied" or "unchanged".
async function applySchema(run, text) {
  const mark = `edgepool schema sha256:${createHash('sha256').update(text).digest('hex')}`;
  const [row] = await run(`select obj_description(to_regnamespace('edgepool')::oid, 'pg_namespace') as mark`);
  if (row?.mark === mark) return 'unchanged';
  try {
    await run(text);
  } catch (error) {
    // The driver's error carries the whole text; the place is what helps.
    const line = error.position ? ` at line ${text.slice(0, Number(error.position)).split('\n').length}` : '';
    throw new Error(`the schema was not applied: ${error.message}${line}${error.where ? `\n${error.where}` : ''}`);
  }
  await run(`comment on schema edgepool is '${mark}'`);
  return 'applied';
}

/**
 * @param {{dataDir?: string, databaseUrl?: string, port?: number, serviceKey?: string, publishableKey?: string,
 *          schemaFiles?: boolean | string[]}} options  schemaFiles: true = sql/schema.sql, false = none, or a list of files
 */
export async function startEmbeddedDatabase(options = {}) {
  const { dataDir, databaseUrl, port = 0, schemaFiles = true } = options;
  const serviceKey = options.serviceKey ?? `sb_secret_${randomBytes(24).toString('hex')}`;
  const publishableKey = options.publishableKey ?? `sb_publishable_${randomBytes(24).toString('hex')}`;
  const [{ serve }, { App, SUPABASE_AUTH_HELPERS_SQL }] = await Promise.all([import('@hono/node-server'), import('@supabase/lite')]);
  const { connection, run } = databaseUrl ? await openPostgres(databaseUrl) : await openPglite(dataDir);
  try {
    await run(kProjectSql);
    await run(SUPABASE_AUTH_HELPERS_SQL);
    const files = schemaFiles === true ? [kSchemaFile] : schemaFiles || [];
    const text = files.map((file) => readFileSync(file, 'utf8')).join('\n');
    const schema = text ? await applySchema(run, text) : 'none';

    answerErrorsAsPostgrest(connection);
    // Otherwise lite grants everything to anon and authenticated on the first request.
    connection.rlsState = 'active';
    const app = new App({
      connection,
      api: { max_rows: 1000, aggregates_enabled: false },
      auth: { enabled: false, jwt_secret: randomBytes(32).toString('hex'), publishable_key: publishableKey, secret_key: serviceKey },
      studio: { enabled: false },
      options: { server: { disableStudio: true } },
    });
    await app.init();
    const server = await new Promise((resolve, reject) => {
      const listening = serve(
        { port, hostname: '127.0.0.1', fetch: (request, env) => app.fetch(request, { peerAddress: env.incoming.socket.remoteAddress ?? null }) },
        () => resolve(listening),
      );
      listening.once('error', reject);
    });
    return {
      url: `http://127.0.0.1:${server.address().port}/rest/v1`,
      serviceKey,
      publishableKey,
      schema,
      // Runs SQL as the owner, past PostgREST; answers the last statement's rows.
      sql: run,
      async stop() {
        server.closeAllConnections?.();
        await new Promise((resolve) => server.close(resolve));
        await connection.close();
      },
    };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function main() {
  const { values } = parseArgs({
    options: { 'data-dir': { type: 'string' }, 'database-url': { type: 'string' }, port: { type: 'string', default: '0' } },
  });
  const database = await startEmbeddedDatabase({
    dataDir: values['data-dir'],
    databaseUrl: values['database-url'],
    port: Number(values.port),
    serviceKey: process.env.SUPABASE_SERVICE_ROLE_KEY,
  });
  console.log(JSON.stringify({ url: database.url, serviceKey: database.serviceKey }));
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.once(signal, async () => {
      await database.stop();
      process.exit(0);
    });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
