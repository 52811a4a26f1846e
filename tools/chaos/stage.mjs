// What is broken on purpose: two isolates of edgepool (workerd processes), one database behind a gate that can be shut, slowed or made
// to lie, and the practice upstream with its faults. Everything is real but the providers.
import { randomBytes } from 'node:crypto';
import { DatabaseGate } from '../../tests/e2e/support/database_gate.mjs';
import { startWorker } from '../../tests/e2e/support/workerd.mjs';
import { startEmbeddedDatabase } from '../embedded_database.mjs';
import { addClientToken, PoolDatabase } from '../local/practice_pool.mjs';
import { startPracticeUpstream } from '../practice_upstream.mjs';
import { startTestPostgres } from '../test_postgres.mjs';

export const kProvider = 'ollama';
const kKeys = 8;
const kIsolates = 2;
const kLooks = 5;
// Short patience, so that a fault is met within seconds.
const kVariables = { FIRST_BYTE_TIMEOUT_MS: '3000', IDLE_TIMEOUT_MS: '3000' };

const secret = (prefix) => `${prefix}${randomBytes(12).toString('hex')}`;

export class Stage {
  token = secret('client-');
  isolates = [];

  async open() {
    this.cluster = await startTestPostgres();
    this.database = await startEmbeddedDatabase({ databaseUrl: await this.cluster.database('chaos') });
    this.gate = await new DatabaseGate(this.database.url).open();
    this.upstream = await startPracticeUpstream({ keep_bodies: false, log_limit: 100_000 });
    this.calls = new PoolDatabase(this.database.url, this.database.serviceKey);
    this.keys = Array.from({ length: kKeys }, (_, i) => secret(`practice-${i}-`));
    await this.calls.call('pool_keys_add', { provider: kProvider, keys: this.keys.map((key) => ({ key, username: 'practice' })) });
    await addClientToken(this.calls, kProvider, this.token);
    for (let i = 0; i < kIsolates; i++) await this.startIsolate(i);
    return this;
  }

  /** A fresh isolate in this place; `environment` is the process's own. */
  async startIsolate(place, environment = {}) {
    this.isolates[place] = await startWorker({ ADMIN_TOKEN: secret('admin-'), SUPABASE_REST_URL: this.gate.url, SUPABASE_SERVICE_ROLE_KEY: this.database.serviceKey,
      OLLAMA_BASE_URL: this.upstream.ollamaBaseUrl, ...kVariables }, {}, environment);
  }

  /** Another process in the place of one that is told to end by this signal: those that ask meanwhile get the new one. */
  async replaceIsolate(place, signal, environment = {}) {
    const old = this.isolates[place];
    await this.startIsolate(place, environment);
    await old.stop(signal);
  }

  // A look past the gate; on a machine that is busy the first may come too late.
  async #look(name, argument) {
    for (let left = kLooks; ; left--) {
      try {
        return await this.calls.call(name, argument);
      } catch (error) {
        if (left <= 1) throw error;
      }
    }
  }

  /** What the database says of each key. */
  async keyRows() {
    const { keys } = await this.#look('pool_keys_list', { provider: kProvider, page: 1, page_size: 1000 });
    return keys;
  }

  /** What the database has counted: {requests, success, failure}. */
  async counted() {
    const row = await this.#look('pool_admin_stats', { provider: kProvider });
    return { requests: Number(row.total_requests), success: Number(row.success), failure: Number(row.failure) };
  }

  /** No fault any more. */
  mend() {
    this.upstream.faults.remove();
    this.upstream.settings.word_delay_ms = 0;
    Object.assign(this.gate, { delay_ms: 0, refusal: null, losesAnswers: null });
  }

  async close() {
    for (const isolate of this.isolates) await isolate.stop();
    await this.upstream.stop();
    await this.gate.shut();
    await this.gate.idle();
    await this.database.stop();
    await this.cluster.stop();
  }
}
