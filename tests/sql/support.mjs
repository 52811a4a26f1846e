// What the database tests share: a database of their own with Supabase's roles and defaults, the schema applied on request, and
// a few ways to say things briefly. Under run.mjs all files use one cluster; a file run alone starts its own.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after } from 'node:test';
import postgres from 'postgres';
import { kProjectRolesSql } from '../../tools/local/project_roles.mjs';
import { startTestPostgres } from '../../tools/test_postgres.mjs';

export const kSchema = readFileSync(new URL('../../sql/schema.sql', import.meta.url), 'utf8');

// A Supabase project's roles and default privileges, which grant everything to everybody.
export const kSupabaseDefaults = `${kProjectRolesSql}
create schema if not exists extensions;
grant usage on schema public, extensions to anon, authenticated, service_role;
alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges in schema public grant all on functions to anon, authenticated, service_role;
alter default privileges in schema public grant all on sequences to anon, authenticated, service_role;`;

let ownCluster;

export async function createDatabase() {
  let base = process.env.EDGEPOOL_TEST_POSTGRES;
  if (!base) {
    ownCluster ??= startTestPostgres();
    base = (await ownCluster).url;
  }
  const name = `test_${randomBytes(6).toString('hex')}`;
  const admin = postgres(base, { max: 1, onnotice() {} });
  await admin.unsafe(`create database ${name}`);
  await admin.end();
  return base.replace(/\/[^/]*$/, `/${name}`);
}

// A connection pool as the owner; `call(function, argument)` calls a pool function as service_role, as PostgREST would.
export async function openDatabase({ schema = true, max = 4 } = {}) {
  const url = await createDatabase();
  const sql = postgres(url, { max, onnotice() {} });
  await sql.unsafe(kSupabaseDefaults);
  if (schema) await sql.unsafe(kSchema);
  const call = (name, argument) => callAs(sql, 'service_role', name, argument);
  return { url, sql, call, close: () => sql.end() };
}

export function callAs(sql, role, name, argument) {
  return sql.begin(async (transaction) => {
    await transaction.unsafe(`set local role ${role}`);
    const [row] = await transaction.unsafe(`select public.${name}($1::text::jsonb) as answer`, [JSON.stringify(argument)]);
    return row.answer;
  });
}

after(async () => {
  if (ownCluster) await (await ownCluster).stop();
});

export const hex = (bytes) => randomBytes(bytes).toString('hex');
export const sha256 = (text) => createHash('sha256').update(text).digest('hex');
export const idOf = (key) => sha256(key).slice(0, 16);

// A row's figures; what is not said is zero.
export const figures = (given) => ({
  requests: 0, success: 0, failure: 0, prompt: 0, completion: 0, cached: 0, reasoning: 0, estimated: 0, cost_nano: 0, ...given,
});

export const batch = (given) => ({ provider: 'ollama', batch: hex(16), at_ms: Date.now(), ...given });

// The error of a promise that must fail, as {code, message, detail}.
export async function failureOf(promise) {
  try {
    await promise;
  } catch (error) {
    return { code: error.code, message: error.message, detail: error.detail };
  }
  throw new Error('it did not fail');
}
