// What is broken on purpose: two isolates of edgepool (workerd processes), one database behind a gate that can be shut, slowed or made
// to lie, and the practice upstream with its faults. Everything is real but the providers.
import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { DatabaseGate } from '../../tests/e2e/support/database_gate.mjs';
import { startWorker } from '../../tests/e2e/support/workerd.mjs';
import { startEmbeddedDatabase } from '../embedded_database.mjs';
import { addClientToken, kProviders, PoolDatabase } from '../local/practice_pool.mjs';
import { startPracticeUpstream } from '../practice_upstream.mjs';
import { startTestPostgres } from '../test_postgres.mjs';

const kKeys = 8;
const kTokens = 2;
const kIsolates = 2;
const kLooks = 5;
const kLogged = 100_000;
// Short patience, so that a fault is met within seconds.
const kVariables = { FIRST_BYTE_TIMEOUT_MS: '3000', IDLE_TIMEOUT_MS: '3000' };

const secret = (prefix) => `${prefix}${randomBytes(12).toString('hex')}`;
const some = (count, make) => Array.from({ length: count }, (_, i) => make(i));

// All tables in which a provider's requests are counted, with the names of ledger.mjs. `tokens` are the ones that were reported, not estimated.
const countedSql = (provider, prefix) => {
  const figures = (sum) => ['prompt_tokens + completion_tokens - estimated_tokens', 'cost_nano'].map((text) => (sum ? `sum(${text})` : text)).join(', ');
  const table = (name) => `public.${prefix}_${name}`;
  return `select '${provider}' as name, total_requests as requests, success_count as success, failure_count as failure, ${figures()} from ${table('global_stats')} where id = 'global'
    union all select '${provider} model ' || model, sum(total_requests), sum(success_count), sum(failure_count), ${figures('sum')} from ${table('model_stats')} group by model
    union all select '${provider} hours of ' || model, sum(requests), sum(success), sum(failure), ${figures('sum')} from ${table('model_hourly')} group by model
    union all select '${provider} token ' || token_hash, request_count, success_count, failure_count, ${figures()} from ${table('client_tokens')}
    union all select '${provider} key ' || k.id, s.total_requests, s.success_count, s.failure_count, ${figures()} from ${table('key_stats')} as s join ${table('keys')} as k using (api_key)
    union all select '${provider} all keys', sum(total_requests), sum(success_count), sum(failure_count), ${figures('sum')} from ${table('key_stats')}`;
};

export class Stage {
  tokens = Object.fromEntries(kProviders.map((provider) => [provider, some(kTokens, () => secret('client-'))]));
  keys = Object.fromEntries(kProviders.map((provider) => [provider, some(kKeys, (i) => secret(`practice-${i}-`))]));
  isolates = [];

  async open() {
    this.cluster = await startTestPostgres();
    const databaseUrl = await this.cluster.database('chaos');
    this.database = await startEmbeddedDatabase({ databaseUrl });
    this.sql = postgres(databaseUrl, { max: 1, onnotice() {} });
    this.gate = await new DatabaseGate(this.database.url).open();
    this.upstream = await startPracticeUpstream({ keep_bodies: false, log_limit: kLogged });
    this.calls = new PoolDatabase(this.database.url, this.database.serviceKey);
    for (const provider of kProviders) {
      await this.calls.call('pool_keys_add', { provider, keys: this.keys[provider].map((key) => ({ key, username: 'practice' })) });
      for (const token of this.tokens[provider]) await addClientToken(this.calls, provider, token);
    }
    const prefixes = await this.sql`select name, prefix from edgepool.providers`;
    this.countedSql = prefixes.filter(({ name }) => kProviders.includes(name)).map(({ name, prefix }) => countedSql(name, prefix)).join(' union all ');
    for (let i = 0; i < kIsolates; i++) await this.startIsolate(i);
    return this;
  }

  /** A fresh isolate in this place; `environment` is the process's own, `modules` replaces some of the shim's, `variables` are its own. */
  async startIsolate(place, { environment = {}, modules = {}, variables = {} } = {}) {
    this.isolates[place] = await startWorker({ ADMIN_TOKEN: secret('admin-'), SUPABASE_REST_URL: this.gate.url, SUPABASE_SERVICE_ROLE_KEY: this.database.serviceKey,
      OLLAMA_BASE_URL: this.upstream.ollamaBaseUrl, OPENROUTER_BASE_URL: this.upstream.openrouterBaseUrl, ...kVariables, ...variables }, modules, environment);
  }

  /** Another process in the place of one that is told to end by this signal: those that ask meanwhile get the new one. Answers {old, ended_ms}. */
  async replaceIsolate(place, signal, options) {
    const old = this.isolates[place];
    await this.startIsolate(place, options);
    const ended_ms = Date.now();
    await old.stop(signal);
    return { old, ended_ms };
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

  /** What the database says of each key of both providers. */
  async keyRows() {
    const lists = await Promise.all(kProviders.map((provider) => this.#look('pool_keys_list', { provider, page: 1, page_size: 1000 })));
    return lists.flatMap(({ keys }) => keys);
  }

  /** What the tables hold, as a Map by ledger.mjs's names; read as SQL, so that no function of the product's stands between. */
  async counted() {
    const rows = await this.sql.unsafe(this.countedSql);
    return new Map(rows.map((row) => {
      const [name, ...figures] = Object.values(row);
      const [requests, success, failure, tokens, cost_nano] = figures.map((figure) => Number(figure ?? 0));
      return [name, { requests, success, failure, tokens, cost_nano }];
    }));
  }

  /** The requests that have come to the providers, in order, from the one of this number on. */
  attempts(from) {
    return this.upstream.requests.list().filter(({ number, path }) => number >= from && path.endsWith('/chat/completions'));
  }

  get nextAttempt() {
    return (this.upstream.requests.list().at(-1)?.number ?? 0) + 1;
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
    await this.sql?.end();
    await this.database.stop();
    await this.cluster.stop();
  }
}
