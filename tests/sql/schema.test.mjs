// What the schema makes: the guide's tables and ours, once, again, alone, for a third provider, and on other servers.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PGlite } from '@electric-sql/pglite';
import { staleTargets } from '../../tools/build_schema.mjs';
import { failureOf, kSchema, openDatabase } from './support.mjs';

const kGuide = {
  keys: { api_key: 'text', username: 'text', status: 'text', created_at: 'timestamp with time zone', expires_at: 'timestamp with time zone',
    failed_until: 'timestamp with time zone', disabled_until: 'timestamp with time zone', consecutive_failures: 'integer' },
  key_stats: { api_key: 'text', total_requests: 'bigint', success_count: 'bigint', failure_count: 'bigint', success_rate: 'numeric',
    last_used: 'timestamp with time zone', last_success: 'timestamp with time zone', last_failure: 'timestamp with time zone', consecutive_failures: 'integer' },
  client_tokens: { token: 'text', name: 'text', created_at: 'timestamp with time zone', expires_at: 'timestamp with time zone', request_count: 'bigint' },
  global_stats: { id: 'text', total_requests: 'bigint', success_count: 'bigint', failure_count: 'bigint', updated_at: 'timestamp with time zone' },
  model_stats: { id: 'integer', provider: 'text', model: 'text', total_requests: 'bigint', success_count: 'bigint', failure_count: 'bigint',
    last_used: 'timestamp with time zone' },
  model_hourly: { id: 'integer', provider: 'text', model: 'text', hour: 'timestamp with time zone', requests: 'bigint', success: 'bigint',
    failure: 'bigint', created_at: 'timestamp with time zone' },
};
const kPrimaryKeys = { keys: 'api_key', key_stats: 'api_key', client_tokens: 'token', global_stats: 'id', model_stats: 'id', model_hourly: 'id' };

let db;
before(async () => { db = await openDatabase(); });
after(() => db.close());

// Everything that a schema is, as text: columns, indexes, triggers, functions, privileges, policies.
const snapshot = async (sql) => JSON.stringify(await sql.unsafe(`
  select 'column' as kind, table_schema || '.' || table_name || '.' || column_name as name, data_type || coalesce(column_default, '') || coalesce(generation_expression, '') || is_nullable as what
    from information_schema.columns where table_schema in ('public', 'edgepool')
  union all select 'index', indexname, indexdef from pg_indexes where schemaname in ('public', 'edgepool')
  union all select 'trigger', tgname, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
  union all select 'function', oid::regprocedure::text, md5(prosrc || coalesce(proconfig::text, '') || coalesce(proacl::text, '')) from pg_proc where pronamespace in ('public'::regnamespace, 'edgepool'::regnamespace)
  union all select 'privileges', oid::regclass::text, relacl::text from pg_class where relnamespace in ('public'::regnamespace, 'edgepool'::regnamespace)
  union all select 'constraint', conname, pg_get_constraintdef(oid) from pg_constraint where connamespace in ('public'::regnamespace, 'edgepool'::regnamespace)
  order by 1, 2, 3`));

test('schema.sql and the Supabase migration are what sql/parts makes', () => {
  assert.deepEqual(staleTargets(), []);
});

test('both providers have the guide\'s six tables with exactly its columns, types and primary keys', async () => {
  for (const prefix of ['ollama_api', 'openrouter_api']) {
    for (const [suffix, columns] of Object.entries(kGuide)) {
      const rows = await db.sql`select column_name, data_type from information_schema.columns where table_schema = 'public' and table_name = ${`${prefix}_${suffix}`}`;
      const found = Object.fromEntries(rows.map((row) => [row.column_name, row.data_type]));
      for (const [column, type] of Object.entries(columns)) assert.equal(found[column], type, `${prefix}_${suffix}.${column}`);
      const [key] = await db.sql`select string_agg(a.attname, ',') as columns from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
        where i.indisprimary and i.indrelid = ${`public.${prefix}_${suffix}`}::regclass`;
      assert.equal(key.columns, kPrimaryKeys[suffix]);
    }
    const [reference] = await db.sql`select confrelid::regclass::text as target from pg_constraint where contype = 'f' and conrelid = ${`public.${prefix}_key_stats`}::regclass`;
    assert.equal(reference.target, `${prefix}_keys`);
  }
});

test('applying the schema again changes nothing, neither structure nor rows', async () => {
  await db.call('pool_keys_add', { provider: 'ollama', keys: [{ key: 'sk-again-0000000000001', username: 'x' }] });
  const before = await snapshot(db.sql);
  const rows = await db.sql`select k::text from ollama_api_keys as k`;
  await db.sql.unsafe(kSchema);
  await db.sql.unsafe(kSchema);
  assert.equal(await snapshot(db.sql), before);
  assert.deepEqual(await db.sql`select k::text from ollama_api_keys as k`, rows);
});

test('one provider alone works, and the other is unknown', async () => {
  const alone = await openDatabase({ schema: false });
  try {
    await alone.sql.unsafe(kSchema.replace("select public.pool_create_provider('openrouter');", ''));
    assert.deepEqual(await alone.call('pool_version', {}), { version: 3, housekeeping: null, providers: { ollama: { tables: 'ok' } } });
    assert.equal((await alone.call('pool_take', { provider: 'ollama' })).total, 0);
    const failure = await failureOf(alone.call('pool_take', { provider: 'openrouter' }));
    assert.deepEqual([failure.code, failure.message], ['PT400', 'pool_unknown_provider']);
    assert.deepEqual(await alone.call('pool_prune', { days: 30 }), { hourly: 0, batches: 0, tombstones: 0, audit: 0 });
  } finally {
    await alone.close();
  }
});

test('a third provider is one line of SQL', async () => {
  await db.sql`select public.pool_create_provider('my_local2')`;
  assert.equal((await db.call('pool_keys_add', { provider: 'my_local2', keys: [{ key: 'k1' }] })).added, 1);
  assert.equal((await db.sql`select count(*)::int as n from my_local2_api_keys`)[0].n, 1);
  assert.equal((await db.call('pool_take', { provider: 'my_local2' })).total, 1);
  assert.deepEqual((await db.call('pool_version', {})).providers.my_local2, { tables: 'ok' });
});

test('a provider\'s name must be a name', async () => {
  for (const name of ['', 'Ollama', '2nd', 'a b', 'a"b', "a'; drop table x; --", 'a'.repeat(31), 'é', null]) {
    const failure = await failureOf(db.sql`select public.pool_create_provider(${name})`);
    assert.deepEqual([failure.code, failure.message], ['PT400', 'pool_bad_argument'], String(name));
  }
  await db.sql`select public.pool_create_provider(${'b'.repeat(30)})`;
  await db.sql`delete from edgepool.providers where name = ${'b'.repeat(30)}`;
});

test('missing and outdated tables are told apart, and running the schema mends both', async () => {
  const broken = await openDatabase();
  try {
    await broken.sql`drop table ollama_api_model_hourly`;
    await broken.sql`update edgepool.providers set version = 0 where name = 'openrouter'`;
    assert.deepEqual(await broken.call('pool_version', {}), { version: 3, housekeeping: null, providers: { ollama: { tables: 'missing' }, openrouter: { tables: 'outdated' } } });
    for (const provider of ['ollama', 'openrouter']) {
      const failure = await failureOf(broken.call('pool_take', { provider }));
      assert.deepEqual([failure.code, failure.message], ['PT404', 'pool_tables_missing']);
      assert.match(failure.detail, /sql\/schema\.sql/);
    }
    await broken.sql.unsafe(kSchema);
    assert.deepEqual(await broken.call('pool_version', {}), { version: 3, housekeeping: null, providers: { ollama: { tables: 'ok' }, openrouter: { tables: 'ok' } } });
  } finally {
    await broken.close();
  }
});

test('the guide\'s statement for old hourly rows (Q5) works as it stands', async () => {
  await db.sql`insert into ollama_api_model_hourly (provider, model, hour, requests, success, failure, created_at)
    values ('ollama', 'q5', now() - interval '40 days', 1, 1, 0, now() - interval '40 days'), ('ollama', 'q5', now(), 1, 1, 0, now())`;
  await db.sql.unsafe("DELETE FROM ollama_api_model_hourly\nWHERE created_at < NOW() - INTERVAL '30 days';\nDELETE FROM openrouter_api_model_hourly\nWHERE created_at < NOW() - INTERVAL '30 days';");
  assert.equal((await db.sql`select count(*)::int as n from ollama_api_model_hourly where model = 'q5'`)[0].n, 1);
});

test('it works without pg_trgm, searching by a scan', async () => {
  const plain = await openDatabase({ schema: false });
  try {
    await plain.sql.unsafe(kSchema);
    await plain.sql`drop extension pg_trgm cascade`;
    await plain.call('pool_keys_add', { provider: 'ollama', keys: [{ key: 'sk-search-000000000001', username: 'Marie-Anne' }] });
    assert.equal((await plain.call('pool_keys_list', { provider: 'ollama', search: 'e-ann' })).total, 1);
  } finally {
    await plain.close();
  }
});

test('it works where Supabase\'s roles do not exist (a bare PGlite)', async () => {
  const bare = await PGlite.create();
  try {
    await bare.exec(kSchema);
    await bare.exec(kSchema);
    const { rows } = await bare.query(`select public.pool_keys_add('{"provider": "ollama", "keys": [{"key": "k"}]}') as answer`);
    assert.equal(rows[0].answer.added, 1);
  } finally {
    await bare.close();
  }
});

test('it can be applied, and applied again, by an owner who is no superuser, as on Supabase', async () => {
  const hosted = await openDatabase({ schema: false, max: 1 });
  try {
    await hosted.sql.unsafe(`do $$ begin create role plain_owner nologin createrole; exception when duplicate_object then null; end $$;
      do $$ begin execute format('alter database %I owner to plain_owner', current_database()); end $$;
      alter schema public owner to plain_owner; alter schema extensions owner to plain_owner; grant service_role to plain_owner; set role plain_owner`);
    await hosted.sql.unsafe(kSchema);
    await hosted.sql.unsafe(kSchema);
    assert.equal((await hosted.sql`select tableowner from pg_tables where tablename = 'ollama_api_keys'`)[0].tableowner, 'plain_owner');
    await hosted.call('pool_keys_add', { provider: 'ollama', keys: [{ key: 'sk-hosted-0000000001' }] });
    assert.equal((await hosted.call('pool_take', { provider: 'ollama' })).usable, 1);
  } finally {
    await hosted.close();
  }
});

test('an encoding other than UTF8 is refused, since ids are hashes of UTF-8', async () => {
  const latin = await openDatabase({ schema: false });
  try {
    await latin.sql.unsafe("create database latin_for_test encoding 'LATIN1' locale 'C' template template0").catch((error) => assert.equal(error.code, '42P04'));
    const { default: postgres } = await import('postgres');
    const client = postgres(latin.url.replace(/[^/]*$/, 'latin_for_test'), { max: 1, onnotice() {} });
    assert.match((await failureOf(client.unsafe(kSchema))).message, /UTF8/);
    await client.end();
  } finally {
    await latin.close();
  }
});
