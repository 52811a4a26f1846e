// Real concurrency: eight writers, an administrator and followers of the changes at once. No deadlock, exact sums, nothing missed.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import postgres from 'postgres';
import { batch, callAs, figures, hex, idOf, openDatabase } from './support.mjs';

const kWriters = 8;
const kBatchesPerWriter = 40;
const kKeys = Array.from({ length: 30 }, (_, n) => `sk-shared-${n}-${'x'.repeat(20)}`);
const kModels = Array.from({ length: 6 }, (_, n) => `model-${n}`);
const kHashes = Array.from({ length: 5 }, () => hex(32));

let db;
before(async () => {
  db = await openDatabase({ max: 2 });
  for (const provider of ['ollama', 'openrouter']) {
    await db.call('pool_keys_add', { provider, keys: kKeys.map((key) => ({ key })) });
    for (const hash of kHashes) await db.call('pool_tokens_create', { provider, hash, hint: 'h', name: 'n' });
  }
});
after(() => db.close());

// A small generator, so that a failing run can be repeated.
function random(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function shuffled(list, draw) {
  const copy = [...list];
  for (let n = copy.length - 1; n > 0; n -= 1) {
    const other = draw(n + 1);
    [copy[n], copy[other]] = [copy[other], copy[n]];
  }
  return copy;
}

function randomBatch(draw, provider) {
  const now = Date.now();
  const row = () => {
    const [success, failure] = [draw(5), draw(3)];
    return figures({ requests: success + failure, success, failure, prompt: draw(1000), completion: draw(500), cost_nano: draw(100_000) });
  };
  return batch({
    provider,
    models: shuffled(kModels, draw).slice(0, 1 + draw(5)).map((model) => ({ model, hour_ms: now - draw(3) * 3_600_000, ...row() })),
    keys: shuffled(kKeys, draw).slice(0, 20).map((key) => ({ id: idOf(key), ...row(), last_used_ms: now, fails: draw(3), fails_reset: draw(2) === 1 })),
    tokens: shuffled(kHashes, draw).slice(0, 3).map((hash) => ({ hash, ...row(), last_used_ms: now })),
    verdicts: shuffled(kKeys, draw).slice(0, 4).flatMap((key) => [
      { id: idOf(key), state: 'benched', reason: 'r', until_ms: now + draw(200), at_ms: now, refusals: 0 },
      { id: idOf(key), model: kModels[draw(6)], state: draw(2) ? 'benched' : 'active', until_ms: now + 60_000, at_ms: now },
    ]),
  });
}

// Repeats the answers of pool_changes as an isolate would, from a working set on: a map of ids to what was told of them.
async function follow(sql, provider, taken, until) {
  const known = new Map(taken.keys.map((key) => [key.id, 'usable']));
  let since = taken.next_since_ms;
  let last = false;
  for (;;) {
    const changes = await callAs(sql, 'service_role', 'pool_changes', { provider, since_ms: since, limit: 10_000 });
    assert.equal(changes.more, false);
    assert.ok(changes.next_since_ms >= since, 'the cursor never goes back');
    for (const key of changes.keys) known.set(key.id, { status: key.status, reason: key.reason, until_ms: key.until_ms, at_ms: key.at_ms });
    for (const id of changes.gone) known.delete(id);
    since = changes.next_since_ms;
    if (last) return known;
    last = until.reached;
  }
}

test('eight writers with overlapping keys, models and repeated batches: no deadlock, exact sums', async (t) => {
  const wanted = { requests: 0n, success: 0n, failure: 0n, prompt: 0n, completion: 0n, cost_nano: 0n };
  const zero = () => ({ ...wanted });
  const byKey = new Map();
  const byToken = new Map();
  const byModel = new Map();
  const byHour = new Map();
  const global = { ollama: zero(), openrouter: zero() };
  const add = (into, row) => { for (const name of Object.keys(into)) into[name] += BigInt(row[name]); };
  const addTo = (map, name, row) => { if (!map.has(name)) map.set(name, zero()); add(map.get(name), row); };
  let applied = 0;
  let repeats = 0;
  const until = { reached: false };
  const quiet = { reached: false };

  const writer = async (number) => {
    const sql = postgres(db.url, { max: 1, onnotice() {} });
    const draw = random(number + 1);
    const mine = [];
    try {
      for (let n = 0; n < kBatchesPerWriter; n += 1) {
        const sent = randomBatch(draw, draw(4) === 0 ? 'openrouter' : 'ollama');
        mine.push(sent);
        const again = draw(3) === 0;
        const other = again ? postgres(db.url, { max: 1, onnotice() {} }) : null;
        // A repeated batch goes out twice at the same moment, as when an acknowledgement is lost.
        const answers = await Promise.all([callAs(sql, 'service_role', 'pool_record', sent), other && callAs(other, 'service_role', 'pool_record', sent)])
          .finally(() => other?.end());
        const times = answers.filter((answer) => answer?.applied).length;
        assert.equal(times, 1, 'applied once');
        applied += 1;
        repeats += again ? 1 : 0;
        if (draw(5) === 0) {
          assert.equal((await callAs(sql, 'service_role', 'pool_record', mine[draw(mine.length)])).applied, false);
          repeats += 1;
        }
      }
    } finally {
      await sql.end();
    }
    return mine;
  };

  // Meanwhile somebody administers, through the functions and by hand.
  const administrator = async () => {
    const sql = postgres(db.url, { max: 1, onnotice() {} });
    const draw = random(99);
    let rounds = 0;
    try {
      while (!until.reached || rounds === 0) {
        const extra = Array.from({ length: 5 }, () => `sk-extra-${hex(12)}`);
        await callAs(sql, 'service_role', 'pool_keys_add', { provider: 'ollama', keys: [...extra, ...kKeys.slice(0, 3)].map((key) => ({ key })) });
        await callAs(sql, 'service_role', 'pool_keys_set', { provider: 'ollama', keys: shuffled(kKeys, draw).slice(0, 10), status: draw(2) ? 'active' : 'disabled' });
        await sql`update ollama_api_keys set status = 'active', failed_until = null where api_key in (select api_key from ollama_api_keys order by random() limit 10)`;
        await callAs(sql, 'service_role', 'pool_keys_remove', { provider: 'ollama', keys: extra.slice(0, 4) });
        await sql`delete from ollama_api_keys where api_key = ${extra[4]}`;
        await callAs(sql, 'service_role', 'pool_prune', { days: 30 });
        rounds += 1;
      }
    } finally {
      await sql.end();
    }
    return rounds;
  };

  const followerSql = postgres(db.url, { max: 1, onnotice() {} });
  const taken = await callAs(followerSql, 'service_role', 'pool_take', { provider: 'ollama', limit: 2000 });
  const writers = Promise.all(Array.from({ length: kWriters }, (_, number) => writer(number))).finally(() => { until.reached = true; });
  const changing = Promise.allSettled([writers, administrator()]).finally(() => { quiet.reached = true; });
  // All of them end, whoever fails, before a failure is reported; the follower last, so that it has read everything.
  const [followed] = await Promise.allSettled([follow(followerSql, 'ollama', taken, quiet)]);
  const ends = [...await changing, followed];
  await followerSql.end();
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  const [sentByAll, rounds, known] = ends.map((end) => end.value);

  for (const sent of sentByAll.flat()) {
    for (const row of sent.models) {
      add(global[sent.provider], row);
      addTo(byModel, `${sent.provider} ${row.model}`, row);
      addTo(byHour, `${sent.provider} ${row.model} ${Math.floor(row.hour_ms / 3_600_000)}`, row);
    }
    for (const row of sent.keys) addTo(byKey, `${sent.provider} ${row.id}`, row);
    for (const row of sent.tokens) addTo(byToken, `${sent.provider} ${row.hash}`, row);
  }

  const [{ deadlocks }] = await db.sql`select deadlocks::int from pg_stat_database where datname = current_database()`;
  assert.equal(deadlocks, 0);
  const sameFigures = (stored, expected, what) => {
    for (const [name, value] of Object.entries(expected)) if (stored[name] !== undefined) assert.equal(BigInt(stored[name]), value, `${what}.${name}`);
  };
  for (const provider of ['ollama', 'openrouter']) {
    const stats = await db.call('pool_admin_stats', { provider });
    sameFigures({ ...stats, requests: stats.total_requests }, global[provider], `${provider} total`);
    const models = await db.sql.unsafe(`select model, total_requests as requests, success_count as success, failure_count as failure, prompt_tokens as prompt,
      completion_tokens as completion, cost_nano from ${provider}_api_model_stats`);
    for (const row of models) sameFigures(row, byModel.get(`${provider} ${row.model}`), `${provider} ${row.model}`);
    const hours = await db.sql.unsafe(`select model, hour, requests, success, failure, cost_nano from ${provider}_api_model_hourly`);
    assert.equal(hours.length, [...byHour.keys()].filter((name) => name.startsWith(provider)).length);
    for (const row of hours) sameFigures(row, byHour.get(`${provider} ${row.model} ${row.hour.getTime() / 3_600_000}`), `${provider} ${row.model} ${row.hour}`);
    for (const key of kKeys) sameFigures(await db.call('pool_keys_get', { provider, key }), byKey.get(`${provider} ${idOf(key)}`) ?? zero(), `${provider} ${key}`);
    for (const token of (await db.call('pool_tokens_list', { provider })).tokens) sameFigures(token, byToken.get(`${provider} ${token.hash}`) ?? zero(), `${provider} ${token.hash}`);
  }
  const marks = (await db.sql`select batch from edgepool.batches`).map((row) => row.batch.replaceAll('-', ''));
  const sentIds = new Set(sentByAll.flat().map((sent) => sent.batch));
  assert.equal(marks.filter((id) => sentIds.has(id)).length, applied);
  assert.equal(marks.length, applied + 1, 'one more, of the isolate that has begun: the follower');
  assert.equal(applied, kWriters * kBatchesPerWriter);

  // The follower knows what the table says.
  const stored = await db.sql`select id, status, reason, failed_until from ollama_api_keys`;
  assert.deepEqual([...known.keys()].sort(), stored.map((row) => row.id).sort());
  for (const row of stored) {
    const told = known.get(row.id);
    if (told === 'usable') assert.notEqual(row.status, 'disabled');
    else assert.deepEqual([told.reason, told.until_ms], [row.reason, row.status === 'failed' ? row.failed_until.getTime() : null], row.id);
  }
  t.diagnostic(`${applied} batches of ${kWriters} writers, ${repeats} repeated, ${rounds} rounds of administration; requests ollama ${global.ollama.requests}, openrouter ${global.openrouter.requests}; deadlocks ${deadlocks}`);
});

test('the counters are those of the rows after all that, at every moment', async () => {
  for (let round = 0; round < 5; round += 1) {
    const [row] = await db.sql`
      select edgepool.key_counts(v) as counts, v.keys_total::int as total, (select count(*)::int from ollama_api_keys) as rows,
             (select count(*) filter (where s = 'active') || ',' || count(*) filter (where s = 'failed') || ',' || count(*) filter (where s = 'disabled') || ',' || count(*) filter (where s = 'expired')
                from (select edgepool.effective_status(status, usable_from, expires_at, now()) as s from ollama_api_keys) as e) as truth
        from edgepool.providers as v where name = 'ollama'`;
    assert.equal(row.total, row.rows);
    assert.equal(row.counts.slice(1).split(',').slice(0, 4).join(','), row.truth);
    await db.call('pool_record', randomBatch(random(round + 500), 'ollama'));
  }
});
