// What is measured: the upstream by itself, the plain workers, and edgepool with pools of several sizes, each in a workerd process of
// its own. An edgepool has a PostgreSQL behind PostgREST, reached through a gate that counts the calls.
import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { DatabaseGate } from '../../tests/e2e/support/database_gate.mjs';
import { startPlainWorker, startWorker } from '../../tests/e2e/support/workerd.mjs';
import { startEmbeddedDatabase } from '../embedded_database.mjs';
import { addClientToken, PoolDatabase } from '../local/practice_pool.mjs';
import { startTestPostgres } from '../test_postgres.mjs';
import { startNginxUpstream } from './nginx_upstream.mjs';
import { kLeastWork, kOlderDesign, kPassThrough } from './plain_workers.mjs';

export const kPoolSizes = [3, 1_000, 100_000];
const kToken = `client-${randomBytes(12).toString('hex')}`;
const kKeySql = `insert into ollama_api_keys (api_key, username) select 'bench-key-' || encode(sha256(n::text::bytea), 'hex'), 'bench' from generate_series(1, $1::int) as n`;

/** An edgepool target with so many keys: {name, url, pid, token, adminToken, gate, calls, restart(), stop()}. */
export async function startPool(cluster, upstreamUrl, keys, variables = {}) {
  const databaseUrl = await cluster.database(`bench_${keys}_${randomBytes(4).toString('hex')}`);
  const database = await startEmbeddedDatabase({ databaseUrl });
  const sql = postgres(databaseUrl, { max: 1, onnotice() {} });
  await sql.unsafe(kKeySql, [keys]);
  await sql.unsafe('vacuum analyze');
  await sql.end();
  const calls = new PoolDatabase(database.url, database.serviceKey);
  await addClientToken(calls, 'ollama', kToken);
  const gate = await new DatabaseGate(database.url).open();
  const adminToken = `admin-${randomBytes(12).toString('hex')}`;
  const start = () => startWorker({ ADMIN_TOKEN: adminToken, SUPABASE_REST_URL: gate.url,
    SUPABASE_SERVICE_ROLE_KEY: database.serviceKey, OLLAMA_BASE_URL: upstreamUrl, ...variables });
  const pool = {
    name: `edgepool, ${keys.toLocaleString('en')} keys`, keys, token: kToken, adminToken, gate, calls,
    async restart() {
      await this.worker?.stop();
      this.worker = await start();
      this.url = this.worker.url;
      this.pid = this.worker.pid;
    },
    async stop() {
      await this.worker.stop();
      await gate.shut();
      await gate.idle();
      await database.stop();
    },
  };
  await pool.restart();
  return pool;
}

/** A target that is a plain worker: {name, url, pid, token, restart(), stop()}. */
export async function startPlain(name, source, upstreamUrl) {
  const target = {
    name, token: kToken,
    async restart() {
      await this.worker?.stop();
      this.worker = await startPlainWorker({ UPSTREAM: upstreamUrl, TOKEN: kToken, KEY: 'bench-key' }, source);
      this.url = this.worker.url;
      this.pid = this.worker.pid;
    },
    stop() { return this.worker.stop(); },
  };
  await target.restart();
  return target;
}

/** Everything that a whole run measures, by short names, and what it takes to end it. */
export async function startTargets(poolSizes = kPoolSizes) {
  const cluster = await startTestPostgres();
  const upstream = await startNginxUpstream();
  const targets = {
    upstream: { name: 'the upstream alone (nginx)', url: upstream.url, pid: upstream.pid, token: kToken, stop() {} },
    passThrough: await startPlain('bare pass-through worker', kPassThrough, upstream.url),
    leastWork: await startPlain('least honest JavaScript', kLeastWork, upstream.url),
  };
  for (const keys of poolSizes) targets[`pool${keys}`] = await startPool(cluster, upstream.url, keys);
  targets.olderDesign = Object.assign(await startPlain('the older design (8 calls)', kOlderDesign, upstream.url), { databaseIsUpstream: true });
  const stop = async () => {
    for (const target of Object.values(targets)) await target.stop();
    await upstream.stop();
    await cluster.stop();
  };
  return { targets, upstream, stop };
}
