// A whole pool for the tests of a file: database, gate, practice upstream and worker, with keys and a client token per provider. What
// clients were answered and what was printed is kept, so that secretsStayIn() can look for secrets in it. `serve` starts the worker in
// another way than workerd alone.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { startEmbeddedDatabase } from '../../../tools/embedded_database.mjs';
import { PoolDatabase } from '../../../tools/local/practice_pool.mjs';
import { startPracticeUpstream } from '../../../tools/practice_upstream.mjs';
import { createDatabase, idOf, sha256 } from '../../sql/support.mjs';
import { DatabaseGate } from './database_gate.mjs';
import { leaveTrace } from './traces.mjs';
import { startWorker } from './workerd.mjs';

export { idOf, sha256 };
export const kProviders = ['ollama', 'openrouter'];
const kPatience_ms = 20_000;
const kLastPieces_ms = 2_000;

const secret = (prefix) => `${prefix}${randomBytes(12).toString('hex')}`;

/** Asks until `look()` answers something other than undefined. */
export async function eventually(look, what, patience_ms = kPatience_ms) {
  const deadline_ms = Date.now() + patience_ms;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline_ms) throw new Error(`waited in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** What arrives of an answer, as it arrives: a library that stops reading may leave the copy without an end. */
function remembered(response, path) {
  const answer = { path, headers: JSON.stringify([...response.headers]), text: '' };
  const decoder = new TextDecoder();
  const keep = async () => {
    for await (const piece of response.clone().body ?? []) answer.text += decoder.decode(piece, { stream: true });
  };
  answer.ended = keep().catch(() => {});
  return answer;
}

export class Pool {
  adminToken = secret('admin-');
  tokens = { ollama: secret('client-'), openrouter: secret('client-') };
  secrets = [this.adminToken, ...Object.values(this.tokens)];
  answers = [];
  shown = [];  // what pages logged
  printed = '';

  async start({ variables = {}, keys = 3, upstream = {}, modules, serve = startWorker } = {}) {
    this.serve = serve;
    this.variables = variables;
    this.modules = modules;
    this.database = await startEmbeddedDatabase({ databaseUrl: await createDatabase() });
    this.secrets.push(this.database.serviceKey);
    this.gate = await new DatabaseGate(this.database.url).open();
    this.upstream = await startPracticeUpstream({ keep_bodies: false, ...upstream });
    this.calls = new PoolDatabase(this.database.url, this.database.serviceKey);
    this.keys = {};
    for (const provider of kProviders) {
      this.keys[provider] = Array.from({ length: keys }, (_, i) => secret(`practice-${i}-`));
      this.secrets.push(...this.keys[provider]);
      await this.addKeys(provider, this.keys[provider]);
      await this.addToken(provider, this.tokens[provider]);
    }
    await this.restart();
  }

  async addKeys(provider, keys) {
    await this.calls.call('pool_keys_add', { provider, keys: keys.map((key) => ({ key, username: 'practice' })) });
  }

  async addToken(provider, token, members = {}) {
    await this.calls.call('pool_tokens_create', { provider, hash: sha256(token), hint: `...${token.slice(-4)}`, name: 'practice', ...members });
  }

  /** A fresh isolate; what the one before knew and had not sent is gone. */
  async restart(variables = this.variables, modules = this.modules) {
    await this.#stopWorker();
    this.worker = await this.serve({ ADMIN_TOKEN: this.adminToken, SUPABASE_REST_URL: this.gate.url, SUPABASE_SERVICE_ROLE_KEY: this.database.serviceKey,
      OLLAMA_BASE_URL: this.upstream.ollamaBaseUrl, OPENROUTER_BASE_URL: this.upstream.openrouterBaseUrl, ...variables }, modules);
  }

  /** A fresh isolate, all keys in service, no faults, an empty log. */
  async fresh(variables = this.variables) {
    await this.#stopWorker();
    await this.gate.idle();
    this.upstream.faults.remove();
    this.upstream.requests.clear();
    for (const provider of kProviders) await this.calls.call('pool_keys_set', { provider, keys: this.keys[provider], status: 'active' });
    await this.restart(variables);
  }

  async #stopWorker() {
    if (!this.worker) return;
    await this.worker.stop();
    this.printed += this.worker.output();
    this.worker = null;
  }

  /** fetch() to the worker; what it answers is remembered. */
  fetch = async (input, init) => {
    const url = input instanceof Request ? input : new URL(input, this.worker.url);
    const response = await fetch(url, { signal: AbortSignal.timeout(kPatience_ms), ...init });
    this.answers.push(remembered(response, new URL(response.url).pathname));
    return response;
  };

  /** What the worker answered to a page that Playwright drives. */
  overheard(response) {
    const path = new URL(response.url()).pathname;
    if (!/json|text\/(plain|csv|event-stream)/.test(response.headers()['content-type'] ?? '')) return;
    const answer = { path, headers: JSON.stringify(response.headers()), text: '' };
    answer.ended = response.text().then((text) => { answer.text = text; }, () => {}); // a page that has gone has no text left
    this.answers.push(answer);
  }

  /** Asks as a client of the provider; `body` is JSON unless it is text or bytes. */
  async ask(path, body, { provider = 'ollama', token = this.tokens[provider], headers = {}, ...init } = {}) {
    const isRaw = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
    const response = await this.fetch((provider === 'ollama' ? '' : `/${provider}`) + path, { method: body === undefined ? 'GET' : 'POST',
      body: isRaw ? body : JSON.stringify(body), ...init,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...(token ? { authorization: `Bearer ${token}` } : {}), ...headers } });
    const bytes = Buffer.from(await response.arrayBuffer());
    return { status: response.status, headers: response.headers, bytes, text: bytes.toString(), json: () => JSON.parse(bytes.toString()) };
  }

  chat(members = {}, options) {
    return this.ask('/v1/chat/completions', { model: 'gpt-oss:20b', messages: [{ role: 'user', content: 'hello pool' }], ...members }, options);
  }

  admin(path, body, init = {}) {
    return this.ask(path, body, { token: this.adminToken, ...init });
  }

  async publicStats(provider = 'ollama') {
    return (await this.ask(`/admin/public-stats?provider=${provider}`, undefined, { token: null })).json();
  }

  async allKeys(provider = 'ollama') {
    const { keys } = await this.calls.call('pool_keys_list', { provider, page: 1, page_size: 1000 });
    return keys;
  }

  /** What the database holds of all requests, once it holds `requests` of them. */
  async counted(requests, provider = 'ollama') {
    const stats = () => this.calls.call('pool_admin_stats', { provider });
    const found = await eventually(async () => {
      const row = await stats();
      return Number(row.total_requests) >= requests ? row : undefined;
    }, `${requests} requests in the database`);
    return { requests: Number(found.total_requests), success: Number(found.success), failure: Number(found.failure) };
  }

  /** Leaves what was made, answered and printed for the search through all files, where one follows (traces.mjs). */
  async #leaveTrace() {
    await Promise.race([Promise.all(this.answers.map((answer) => answer.ended)), pause(kLastPieces_ms)]);
    leaveTrace({ secrets: this.secrets, printed: [this.printed, ...this.shown], answers: this.answers.map(({ path, headers, text }) => ({ path, headers, text })) });
  }

  async stop() {
    await this.#stopWorker();
    await this.#leaveTrace();
    await this.upstream?.stop();
    await this.gate?.shut();
    await this.gate?.idle();
    await this.database?.stop();
  }
}

/** A pool for the tests of this file. */
export function wholePool(options) {
  const pool = new Pool();
  before(() => pool.start(options));
  after(() => pool.stop());
  return pool;
}

/** The last test of a file: no full key, token or service key in anything that was answered or printed. */
export function secretsStayIn(pool) {
  test('no key, token or service key is in anything that was answered or printed', async () => {
    const texts = [pool.printed, pool.worker?.output() ?? ''];
    await Promise.race([Promise.all(pool.answers.map((answer) => answer.ended)), pause(kLastPieces_ms)]);
    for (const answer of pool.answers) texts.push(answer.headers, answer.text);
    assert.ok(pool.answers.length > 0);
    for (const found of pool.secrets) assert.ok(!texts.some((text) => text.includes(found)), `a secret that begins with ${found.slice(0, 9)} got out`);
  });
}
