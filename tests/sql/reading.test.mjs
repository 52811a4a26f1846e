// Reading: slices of the working set, counts that the clock moves, changes by cursor, pages, and queries that stay on their indexes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { batch, failureOf, figures, hex, idOf, openDatabase } from './support.mjs';

let db;
before(async () => { db = await openDatabase(); });
after(() => db.close());

const take = (given) => db.call('pool_take', { provider: 'ollama', ...given });
const changes = (since_ms, given) => db.call('pool_changes', { provider: 'ollama', since_ms, ...given });
const list = (given) => db.call('pool_keys_list', { provider: 'ollama', ...given });
const clear = () => db.sql.unsafe('delete from ollama_api_key_stats; delete from ollama_api_keys');
const addKeys = async (count, given = {}) => {
  const keys = Array.from({ length: count }, (_, n) => ({ key: `sk-${hex(16)}`, username: `user ${n}`, ...given }));
  await db.call('pool_keys_add', { provider: 'ollama', keys });
  return keys.map((row) => row.key);
};

test('a slice begins at its start, wraps round, and never holds a key twice', async () => {
  await clear();
  const ids = (await addKeys(40)).map(idOf).sort();
  for (const start of ['0000000000000000', ids[0], ids[17], ids[39], 'ffffffffffffffff']) {
    const from = ids.findIndex((id) => id >= start);
    const turned = from < 0 ? ids : [...ids.slice(from), ...ids.slice(0, from)];
    for (const limit of [1, 23, 40, 2000]) {
      const answer = await take({ start, limit });
      assert.deepEqual(answer.keys.map((key) => key.id), turned.slice(0, limit), `${start} ${limit}`);
      assert.deepEqual([answer.total, answer.usable], [40, 40]);
    }
  }
});

test('benched, disabled and expired keys are not taken; those whose time has passed are, in their place', async () => {
  await clear();
  const keys = await addKeys(60);
  const ids = keys.map(idOf);
  await db.sql`update ollama_api_keys set status = 'failed', failed_until = now() + interval '1 hour' where id = any (${ids.slice(0, 10)})`;
  await db.sql`update ollama_api_keys set status = 'failed', failed_until = now() - interval '1 hour' where id = any (${ids.slice(10, 20)})`;
  await db.sql`update ollama_api_keys set status = 'disabled' where id = any (${ids.slice(20, 30)})`;
  await db.sql`update ollama_api_keys set status = 'expired' where id = any (${ids.slice(30, 40)})`;
  await db.sql`update ollama_api_keys set expires_at = now() - interval '1 second' where id = any (${ids.slice(40, 45)})`;
  await db.sql`update ollama_api_keys set expires_at = now() + interval '1 day' where id = any (${ids.slice(45, 50)})`;
  const answer = await take({ start: ids[3] });
  const usable = [...ids.slice(10, 20), ...ids.slice(45)].sort();
  const from = usable.findIndex((id) => id >= ids[3]);
  assert.deepEqual(answer.keys.map((key) => key.id), from < 0 ? usable : [...usable.slice(from), ...usable.slice(0, from)]);
  assert.deepEqual(answer.keys.filter((key) => key.state === 'probation').map((key) => key.id).sort(), ids.slice(10, 20).sort());
  assert.deepEqual([answer.total, answer.usable], [60, 25]);
  assert.ok(answer.next_ms > Date.now() + 3_500_000);
  const stats = await db.call('pool_admin_stats', { provider: 'ollama' });
  assert.deepEqual([stats.active_keys, stats.failed_keys, stats.disabled_keys, stats.expired_keys], [25, 10, 10, 15]);
  for (const [status, count] of [['active', 25], ['failed', 10], ['disabled', 10], ['expired', 15]]) {
    const page = await list({ status, page_size: 100 });
    assert.deepEqual([page.total, page.keys.length, [...new Set(page.keys.map((key) => key.status))]], [count, count, [status]]);
    assert.equal((await list({ status, search: 'user', page_size: 3 })).total, count);
  }
});

test('counts follow the clock: as if all these benches had ended since the last write', async () => {
  await clear();
  const ids = (await addKeys(30)).map(idOf);
  await db.sql`update ollama_api_keys set status = 'failed', failed_until = now() - interval '10 minutes' + interval '1 minute' * (get_byte(decode(id, 'hex'), 0) % 20)`;
  await db.sql`update ollama_api_keys set expires_at = now() - interval '5 minutes' where id = any (${ids.slice(0, 6)})`;
  // Turn the counters back: they are brought to a moment twenty minutes ago, and must come out the same now.
  const moment = "now() - interval '20 minutes'";
  await db.sql.unsafe(`update edgepool.providers set counted_at = ${moment},
      keys_active = (select count(*) from ollama_api_keys where edgepool.effective_status(status, usable_from, expires_at, ${moment}) = 'active'),
      keys_failed = (select count(*) from ollama_api_keys where edgepool.effective_status(status, usable_from, expires_at, ${moment}) = 'failed'),
      keys_disabled = 0, keys_expired = (select count(*) from ollama_api_keys where edgepool.effective_status(status, usable_from, expires_at, ${moment}) = 'expired')
    where name = 'ollama'`);
  const counts = async () => {
    const stats = await db.call('pool_admin_stats', { provider: 'ollama' });
    return [stats.active_keys, stats.failed_keys, stats.disabled_keys, stats.expired_keys];
  };
  const truth = async () => {
    const [row] = await db.sql`select array_agg(n::int) as n from (select count(k.id) as n from unnest(array['active', 'failed', 'disabled', 'expired']) with ordinality as s(name, place)
      left join ollama_api_keys as k on edgepool.effective_status(k.status, k.usable_from, k.expires_at, now()) = s.name group by place order by place) as c`;
    return row.n;
  };
  assert.deepEqual(await counts(), await truth());
  await db.call('pool_record', batch({}));
  assert.ok((await db.sql`select counted_at > now() - interval '1 minute' as forward from edgepool.providers where name = 'ollama'`)[0].forward, 'a write brings them forward');
  assert.deepEqual(await counts(), await truth());
  await db.call('pool_prune', { provider: 'ollama', days: 1 });
  assert.deepEqual(await counts(), await truth());
  assert.equal((await db.sql`select count(*)::int as n from ollama_api_keys where status = 'expired'`)[0].n, 6, 'pruning marks what has expired');
});

test('changes are told once, with what a key needs; nothing new is nothing told', async () => {
  await clear();
  const [first, second, third] = await addKeys(3);
  let { next_since_ms: since } = await take({});
  const quiet = await changes(since);
  assert.deepEqual([quiet.keys, quiet.gone, quiet.models, quiet.tokens, quiet.more, quiet.next_since_ms], [[], [], [], [], false, since]);
  const now = Date.now();
  const hash = hex(32);
  await db.call('pool_record', batch({ verdicts: [{ id: idOf(first), state: 'benched', reason: 'r', until_ms: now + 60_000, at_ms: now, refusals: 1 },
    { id: idOf(second), model: 'm', state: 'benched', reason: 'q', until_ms: now + 60_000, at_ms: now }] }));
  await db.call('pool_keys_remove', { provider: 'ollama', ids: [idOf(third)] });
  await db.call('pool_tokens_create', { provider: 'ollama', hash, hint: 'h', name: 'n' });
  const told = await changes(since);
  assert.deepEqual(told.keys, [{ id: idOf(first), status: 'failed', usable: false, state: null, reason: 'r', until_ms: now + 60_000, at_ms: now, expires_ms: null, refusals: 1, fails: 0, quota: null, ceiling: null, key: null }]);
  assert.deepEqual(told.gone, [idOf(third)]);
  assert.deepEqual(told.models, [{ id: idOf(second), model: 'm', reason: 'q', until_ms: now + 60_000, at_ms: now }]);
  assert.deepEqual(told.tokens, [{ hash }]);
  since = told.next_since_ms;
  await db.call('pool_keys_set', { provider: 'ollama', ids: [idOf(first), idOf(second)], status: 'active' });
  await db.call('pool_tokens_remove', { provider: 'ollama', hash });
  const then = await changes(since);
  assert.deepEqual(then.keys.map((key) => [key.usable, key.state, key.key]).sort(), [[true, 'active', first], [true, 'active', second]].sort());
  assert.ok(then.models[0].until_ms <= Date.now() + 1000);
  assert.deepEqual([then.gone, then.tokens], [[], [{ hash }]]);
  await db.call('pool_keys_add', { provider: 'ollama', keys: [{ key: third }] });
  const back = await changes(then.next_since_ms);
  assert.deepEqual([back.gone, back.keys.map((key) => key.key)], [[], [third]], 'a key that came back is not gone');
});

test('counting alone tells no change', async () => {
  await clear();
  const [key] = await addKeys(1);
  const { next_since_ms } = await take({});
  await db.call('pool_record', batch({ keys: [{ id: idOf(key), ...figures({ requests: 1, failure: 1 }), last_used_ms: Date.now(), fails: 1 }] }));
  assert.deepEqual((await changes(next_since_ms)).keys, []);
});

test('what a person changes in the SQL editor is told and counted too', async () => {
  await clear();
  const [one, two, three] = await addKeys(3);
  let { next_since_ms: since } = await take({});
  await db.sql`update ollama_api_keys set status = 'disabled' where api_key = ${one}`;
  let told = await changes(since);
  assert.deepEqual([told.keys.map((key) => [key.id, key.status]), told.usable], [[[idOf(one), 'disabled']], 2]);
  since = told.next_since_ms;
  await db.sql`insert into ollama_api_keys (api_key) values ('sk-by-hand-00000000001')`;
  await db.sql`delete from ollama_api_keys where api_key = ${two}`;
  told = await changes(since);
  assert.deepEqual([told.keys.map((key) => key.key), told.gone, told.total, told.usable], [['sk-by-hand-00000000001'], [idOf(two)], 3, 2]);
  await db.sql`update ollama_api_client_tokens set disabled = true`;
  await db.sql`truncate ollama_api_keys cascade`;
  told = await changes(told.next_since_ms);
  assert.deepEqual([told.more, told.more_tokens, told.total, told.usable], [true, true, 0, 0], 'after a truncate everybody reads anew');
  assert.equal((await take({})).keys.length, 0);
  assert.ok(three);
});

test('too much to tell, or tombstones already pruned, says so', async () => {
  await clear();
  const { next_since_ms } = await take({});
  await addKeys(5);
  assert.deepEqual([(await changes(next_since_ms, { limit: 5 })).more, (await changes(next_since_ms, { limit: 4 })).more, (await changes(next_since_ms, { limit: 4 })).keys.length], [false, true, 4]);
  await clear();
  await db.sql`update ollama_api_tombstones set removed_at = now() - interval '2 hours'`;
  const before = Date.now() - 3 * 3_600_000;
  assert.ok((await db.call('pool_prune', { provider: 'ollama', days: 30 })).tombstones >= 5);
  assert.equal((await changes(before)).more, true);
  assert.equal((await changes((await take({})).next_since_ms)).more, false);
});

test('more changes of keys than can be told hide no change of a token, and say that the tokens are all there', async () => {
  await clear();
  await addKeys(8);
  const hashes = [hex(32), hex(32)];
  for (const hash of hashes) await db.call('pool_tokens_create', { provider: 'ollama', hash, hint: 'h', name: 'n' });
  const { next_since_ms } = await take({});
  await db.sql`delete from ollama_api_keys`;
  await db.call('pool_tokens_remove', { provider: 'ollama', hash: hashes[0] });
  await db.call('pool_tokens_set', { provider: 'ollama', hash: hashes[1], disabled: true });
  const told = await changes(next_since_ms, { limit: 3 });
  assert.deepEqual([told.more, told.more_tokens, told.gone.length], [true, false, 3]);
  assert.deepEqual(told.tokens.map((token) => token.hash).sort(), [...hashes].sort());
});

test('more changes of tokens than can be told, whether made or removed, say so', async () => {
  await clear();
  const { next_since_ms } = await take({});
  const hashes = [hex(32), hex(32), hex(32)];
  for (const hash of hashes) await db.call('pool_tokens_create', { provider: 'ollama', hash, hint: 'h', name: 'n' });
  for (const limit of [3, 2]) {
    const told = await changes(next_since_ms, { limit });
    assert.deepEqual([told.more, told.more_tokens, told.tokens.length], [limit < 3, limit < 3, limit]);
  }
  const after = (await changes(next_since_ms)).next_since_ms;
  await db.sql`delete from ollama_api_client_tokens`;
  const told = await changes(after, { limit: 2 });
  assert.deepEqual([told.more, told.more_tokens, told.tokens.length], [true, true, 2]);
});

test('pages partition the list in every order', async () => {
  await clear();
  const keys = await addKeys(23);
  const now = Date.now();
  await db.call('pool_record', batch({ keys: keys.slice(0, 15).map((key, n) => ({ id: idOf(key), ...figures({ requests: n + 1, success: 1, failure: n }), last_used_ms: now - n, fails: 0 })) }));
  for (const sort of ['created', '-created', 'username', '-username', 'requests', '-requests', 'failure', '-failure', 'last_used', '-last_used']) {
    for (const search of [undefined, 'user']) {
      const seen = [];
      for (let page = 1; page <= 4; page += 1) {
        const answer = await list({ page, page_size: 7, sort, search });
        assert.equal(answer.total, 23);
        seen.push(...answer.keys);
      }
      assert.equal(new Set(seen.map((key) => key.id)).size, 23, sort);
      if (sort === '-requests') assert.deepEqual(seen.slice(0, 3).map((key) => key.requests), ['15', '14', '13']);
      if (sort === 'username') assert.deepEqual(seen.map((key) => key.username), seen.map((key) => key.username).sort());
    }
  }
  assert.deepEqual((await list({ page: 5, page_size: 7 })).keys, []);
});

test('a search finds part of a name, the start of an id and the start of a key, and nothing else', async () => {
  await clear();
  const [key] = await addKeys(1, { username: 'Ännchen von Tharau' });
  await addKeys(5);
  for (const search of ['ännchen', 'VON', 'chen von t', idOf(key), idOf(key).slice(0, 9), key, key.slice(0, 12)]) {
    const answer = await list({ search });
    assert.deepEqual(answer.keys.map((row) => row.id), [idOf(key)], search);
  }
  for (const search of ['tharaus', key.slice(5), idOf(key).slice(3), `${key}0`]) assert.equal((await list({ search })).total, 0, search);
  assert.equal((await list({ search: '   ' })).total, 6, 'blanks are no search');
});

test('a key is found by a start of its id that only it has', async () => {
  await clear();
  const [key] = await addKeys(1);
  await addKeys(3);
  const get = (given) => db.call('pool_keys_get', { provider: 'ollama', ...given });
  for (const given of [{ id: idOf(key) }, { id: idOf(key).slice(0, 8) }, { id: idOf(key).toUpperCase() }, { key }]) assert.equal((await get(given)).id, idOf(key));
  assert.equal(await get({ id: 'ffffffff' }), null);
  assert.equal(await get({ key: 'no such key' }), null);
  for (const given of [{ id: idOf(key).slice(0, 7) }, { id: '%%%%%%%%' }, {}, { id: idOf(key), key }]) assert.equal((await failureOf(get(given))).message, 'pool_bad_argument');
});

test('export walks through all keys once', async () => {
  await clear();
  const keys = await addKeys(25);
  const seen = [];
  let next;
  do {
    const answer = await db.call('pool_keys_export', { provider: 'ollama', limit: 10, after: next });
    seen.push(...answer.keys.map((row) => row.key));
    next = answer.next;
  } while (next);
  assert.deepEqual(seen.sort(), keys.sort());
});

test('public figures: ten models, three recent ones, twenty-four hours without gaps', async () => {
  const now = Date.now();
  const models = Array.from({ length: 12 }, (_, n) => ({ model: `top-${n}`, hour_ms: now - (n % 3) * 3_600_000, ...figures({ requests: 100 + n, success: 100, failure: n }) }));
  await db.call('pool_record', batch({ models: [...models, { model: 'yesterday', hour_ms: now - 30 * 3_600_000, ...figures({ requests: 5000, success: 5000 }) }] }));
  const stats = await db.call('pool_public_stats', { provider: 'ollama', offset_minutes: 330 });
  assert.deepEqual(stats.top_models.map((row) => row.model).slice(0, 3), ['yesterday', 'top-11', 'top-10']);
  assert.equal(stats.top_models.length, 10);
  assert.deepEqual(stats.recent_models, [11, 10, 9].map((n) => ({ model: `top-${n}`, requests: String(100 + n), success: '100', failure: String(n) })));
  assert.equal(stats.hours.length, 24);
  const thisHour = Math.floor(stats.now_ms / 3_600_000) * 3_600_000;
  assert.deepEqual(stats.hours.map((row) => row.start_ms), Array.from({ length: 24 }, (_, n) => thisHour - (23 - n) * 3_600_000));
  assert.equal(stats.hours.reduce((sum, row) => sum + Number(row.requests), 0), models.reduce((sum, row) => sum + row.requests, 0));
  assert.equal(stats.total_requests, String(5000 + models.reduce((sum, row) => sum + row.requests, 0)));
});

test('pruning takes hourly rows older than the days, and nothing younger', async () => {
  await db.sql`delete from ollama_api_model_hourly`;
  await db.sql`insert into ollama_api_model_hourly (provider, model, hour, requests) select 'ollama', 'p', date_trunc('hour', now()) + interval '1 hour' - n * interval '1 day', 1 from generate_series(0, 9) as n`;
  assert.equal((await db.call('pool_prune', { provider: 'ollama', days: 5 })).hourly, 4);
  assert.equal((await db.call('pool_prune', { days: 1 })).hourly, 4);
  assert.equal((await db.sql`select count(*)::int as n from ollama_api_model_hourly`)[0].n, 2);
});

test('at size, no question scans the keys or the hours from end to end', async () => {
  const big = await openDatabase({ max: 1 });
  try {
    await big.sql.unsafe(`
      insert into ollama_api_keys (api_key, username, created_at, status, failed_until)
      select 'sk-or-v1-' || encode(sha256(n::text::bytea), 'hex'), 'user-' || n || '@company-' || n % 997, now() - n * interval '1 minute', case when n % 25 = 0 then 'failed' else 'active' end,
             case when n % 25 = 0 then now() + (n % 1000 - 500) * interval '1 minute' end from generate_series(1, 30000) as n;
      insert into ollama_api_model_hourly (provider, model, hour, requests, success, failure)
      select 'ollama', 'm' || m, date_trunc('hour', now(), 'UTC') - h * interval '1 hour', 1, 1, 0 from generate_series(0, 719) as h, generate_series(1, 20) as m`);
    await big.sql.unsafe('vacuum analyze');
    const scans = async () => {
      await big.sql`select pg_stat_force_next_flush()`;
      const rows = await big.sql`select relname, seq_scan::int as n from pg_stat_user_tables where relname in ('ollama_api_keys', 'ollama_api_model_hourly')`;
      return Object.fromEntries(rows.map((row) => [row.relname, row.n]));
    };
    const slice = await big.call('pool_take', { provider: 'ollama' });
    const questions = [
      ['pool_take', { start: hex(8) }], ['pool_take', { limit: 2000, start: 'fff0000000000000' }], ['pool_changes', { since_ms: slice.next_since_ms }],
      ['pool_keys_list', { page_size: 50 }], ['pool_keys_list', { search: 'company-77' }], ['pool_keys_list', { search: slice.keys[5].id }], ['pool_keys_list', { search: slice.keys[5].key }],
      ['pool_keys_list', { status: 'failed' }], ['pool_keys_get', { id: slice.keys[0].id.slice(0, 8) }], ['pool_keys_get', { key: slice.keys[0].key }],
      ['pool_public_stats', {}], ['pool_admin_stats', {}], ['pool_keys_export', { limit: 100, after: slice.keys[9].id }],
      ['pool_record', { ...batch({}), keys: slice.keys.slice(0, 20).map((key) => ({ id: key.id, ...figures({ requests: 1, success: 1 }), last_used_ms: Date.now(), fails: 0, fails_reset: true })) }],
      ['pool_keys_set', { ids: [slice.keys[1].id], status: 'disabled' }], ['pool_keys_remove', { ids: [slice.keys[2].id] }],
    ];
    for (const [name, argument] of questions) {
      const before = await scans();
      await big.call(name, { provider: 'ollama', ...argument });
      assert.deepEqual(await scans(), before, `${name} ${JSON.stringify(argument).slice(0, 60)}`);
    }
  } finally {
    await big.close();
  }
});
