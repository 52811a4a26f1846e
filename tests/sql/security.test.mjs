// Nobody but the service role, proven as each role and from the catalogue.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { roleMatrix } from './role_matrix.mjs';
import { callAs, failureOf, openDatabase, sha256 } from './support.mjs';

let db;
before(async () => {
  db = await openDatabase();
  await db.call('pool_keys_add', { provider: 'ollama', keys: [{ key: 'sk-secret-of-the-test-0001' }] });
});
after(() => db.close());

const as = (role, statement) => db.sql.begin(async (transaction) => {
  await transaction.unsafe(`set local role ${role}`);
  return transaction.unsafe(statement);
});
const poolFunctions = async () => (await db.sql`select proname from pg_proc where pronamespace = 'public'::regnamespace and proname like 'pool\\_%' order by 1`).map((row) => row.proname);

test('anon and authenticated can execute no function', async () => {
  const names = await poolFunctions();
  assert.ok(names.length >= 17, `${names.length} functions`);
  for (const role of ['anon', 'authenticated']) {
    for (const name of names.filter((each) => each !== 'pool_create_provider')) {
      assert.equal((await failureOf(callAs(db.sql, role, name, { provider: 'ollama', days: 1 }))).code, '42501', `${role} ${name}`);
    }
    assert.equal((await failureOf(as(role, "select public.pool_create_provider('evil')"))).code, '42501');
    assert.equal((await failureOf(as(role, "select edgepool.fail(400, 'a', 'b')"))).code, '42501');
  }
});

test('the service role executes every function but pool_create_provider', async () => {
  for (const name of (await poolFunctions()).filter((each) => each !== 'pool_create_provider')) {
    const answer = await callAs(db.sql, 'service_role', name, { provider: 'ollama' }).catch((error) => error);
    assert.ok(!(answer instanceof Error) || answer.message === 'pool_bad_argument', `${name}: ${answer.message}`);
  }
  assert.equal((await failureOf(as('service_role', "select public.pool_create_provider('evil')"))).code, '42501');
});

test('anon and authenticated can read and write no table and use no sequence', async () => {
  const tables = await db.sql`select oid::regclass::text as name from pg_class where relkind = 'r' and relnamespace in ('public'::regnamespace, 'edgepool'::regnamespace)`;
  assert.equal(tables.length, 21);
  for (const role of ['anon', 'authenticated']) {
    for (const { name } of tables) {
      for (const statement of [`select * from ${name}`, `delete from ${name}`, `insert into ${name} default values`, `truncate ${name}`]) {
        assert.equal((await failureOf(as(role, statement))).code, '42501', `${role}: ${statement}`);
      }
    }
    assert.equal((await failureOf(as(role, "select nextval('public.ollama_api_model_stats_id_seq')"))).code, '42501');
  }
});

test('even granted the tables by mistake, anon sees no row and writes none', async () => {
  await db.sql`grant select, update on ollama_api_keys to anon`;
  try {
    assert.deepEqual([...(await as('anon', 'select * from ollama_api_keys'))], []);
    assert.equal((await failureOf(as('anon', "update ollama_api_keys set status = 'active'"))).code, '42501');
  } finally {
    await db.sql`revoke all on ollama_api_keys from anon`;
  }
});

test('every table has row level security and no policy', async () => {
  const open = await db.sql`select oid::regclass::text as name from pg_class where relkind = 'r' and not relrowsecurity and relnamespace in ('public'::regnamespace, 'edgepool'::regnamespace)`;
  assert.deepEqual([...open], []);
  assert.deepEqual([...(await db.sql`select * from pg_policies`)], []);
});

test('every function runs with its caller\'s rights, and its search_path is pinned or bound when it is created', async () => {
  const loose = await db.sql`select oid::regprocedure::text as name from pg_proc
    where (pronamespace = 'edgepool'::regnamespace or (pronamespace = 'public'::regnamespace and proname like 'pool\\_%'))
      and (prosecdef or (prosqlbody is null and not coalesce(proconfig, '{}') @> '{"search_path=pg_catalog, pg_temp"}'))`;
  assert.deepEqual([...loose], []);
});

test('a schema in front of the search_path deceives no function', async () => {
  const answer = await db.sql.begin(async (transaction) => {
    await transaction.unsafe(`create schema trap; grant usage on schema trap to service_role;
      create function trap.now() returns timestamptz language sql as 'select timestamptz ''2000-01-01''';
      create function trap.lower(text) returns text language sql as 'select ''trapped''';
      create function trap.equal(text, text) returns boolean language sql as 'select true';
      create operator trap.= (leftarg = text, rightarg = text, function = trap.equal);
      set local search_path = trap, pg_catalog, public; set local role service_role`);
    const [row] = await transaction`select public.pool_take('{"provider": "openrouter"}') as answer`;
    await transaction.unsafe('reset role; drop schema trap cascade');
    return row.answer;
  });
  assert.equal(answer.total, 0);
  assert.ok(answer.now_ms > 1_600_000_000_000);
});

test('a provider\'s name reaches no SQL unless it is registered', async () => {
  for (const provider of ['ollama_api_keys', 'ollama"; drop table ollama_api_keys; --', "x' or true --", 'OLLAMA', ' ollama', '../ollama']) {
    const failure = await failureOf(db.call('pool_take', { provider }));
    assert.deepEqual([failure.code, failure.message], ['PT400', 'pool_unknown_provider'], provider);
  }
  for (const provider of ['', null, 7, {}, []]) {
    assert.equal((await failureOf(db.call('pool_take', { provider }))).message, 'pool_bad_argument');
  }
});

test('texts with quotes, percent signs and backslashes are data wherever they go in', async () => {
  for (const odd of ["o'hara", '"; drop table ollama_api_keys; --', '%', '_', '\\', '{keys}', '$1', '%I', 'a%sb']) {
    const key = `sk-odd-${sha256(odd).slice(0, 20)}`;
    assert.equal((await db.call('pool_keys_add', { provider: 'ollama', keys: [{ key, username: odd }] })).added, 1);
    const found = await db.call('pool_keys_list', { provider: 'ollama', search: odd });
    assert.ok(found.keys.some((row) => row.username === odd), odd);
    assert.ok(found.keys.every((row) => row.username.includes(odd)), `${odd} found something else`);
    const hash = sha256(odd);
    await db.call('pool_tokens_create', { provider: 'ollama', hash, hint: odd, name: odd, limits: { odd } });
    assert.equal((await db.call('pool_token', { provider: 'ollama', token_hash: hash })).token.name, odd);
    assert.equal((await db.call('pool_tokens_list', { provider: 'ollama', search: odd })).tokens[0].name, odd);
    assert.deepEqual(await db.call('pool_tokens_remove', { provider: 'ollama', name: odd }), { removed: 1 });
  }
});

test('only taking, changes and export ever show a key, and no function a token', async () => {
  const key = 'sk-secret-of-the-test-0001';
  await db.sql`insert into ollama_api_client_tokens (token, name) values ('plain-token-of-the-test', 'old')`;
  const asks = { provider: 'ollama', days: 30, key, search: 'sk-secret', since_ms: 0, status: 'active', keys: [key], token_hash: sha256('plain-token-of-the-test') };
  const shows = [];
  for (const name of (await poolFunctions()).filter((each) => !['pool_create_provider', 'pool_keys_remove', 'pool_keys_add', 'pool_tokens_create'].includes(each))) {
    const answer = await callAs(db.sql, 'service_role', name, name === 'pool_keys_list' ? { provider: 'ollama', search: 'sk-secret' } : asks).catch((error) => ({ message: error.message, detail: error.detail }));
    const text = JSON.stringify(answer);
    assert.ok(!text.includes('plain-token-of-the-test'), name);
    if (text.includes(key)) shows.push(name);
  }
  assert.deepEqual(shows, ['pool_changes', 'pool_keys_export', 'pool_take']);
});

test('the role matrix in docs/DATABASE.md is the one PostgreSQL has', async () => {
  const text = readFileSync(new URL('../../docs/DATABASE.md', import.meta.url), 'utf8');
  const matrix = await roleMatrix(db.sql);
  assert.ok(text.includes(matrix), `docs/DATABASE.md should hold:\n${matrix}`);
});
