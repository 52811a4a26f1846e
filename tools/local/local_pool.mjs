// Runs the whole pool on this machine until it is told to stop or a part of it ends: the embedded database, the practice
// upstream and wrangler dev, as far as the environment does not name real ones.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { buildWasm } from '../build_wasm.mjs';
import { buildWeb } from '../build_web.mjs';
import { startPracticeUpstream } from '../practice_upstream.mjs';
import { Progress } from '../progress.mjs';
import { kRoot, nodePath } from '../setup.mjs';
import { freePort } from './free_port.mjs';
import { addClientToken, addPracticeKeys, holdsOnlyPracticeKeys, kProviders, PoolDatabase, removePracticeKeys } from './practice_pool.mjs';
import { rememberedSecrets } from './remembered_secrets.mjs';
import { RunningPart } from './running_part.mjs';
import { kPassedOn } from './worker_variables.mjs';
import { workerHealth, wranglerDev } from './wrangler_dev.mjs';
import { isRunning } from '../is_running.mjs';

const kDefaultPort = 8787;
const kWordDelay_ms = 60;
const kBaseUrlVariables = { ollama: 'OLLAMA_BASE_URL', openrouter: 'OPENROUTER_BASE_URL' };

/** A reason not to go on that needs no stack trace. */
class CannotStart extends Error {}

function portOf(environment) {
  const port = environment.PORT ? Number(environment.PORT) : kDefaultPort;
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new CannotStart(`PORT is not a port: ${environment.PORT}`);
  return port;
}

async function requireFreePort(port) {
  const probe = createServer();
  const code = await new Promise((done) => probe.once('error', (error) => done(error.code)).listen(port, '127.0.0.1', () => probe.close(() => done(null))));
  if (code === 'EADDRINUSE') throw new CannotStart(`Port ${port} is in use. Stop what uses it, or choose another: PORT=${port + 1} npm start`);
  if (code) throw new CannotStart(`Port ${port} cannot be used (${code}). Choose another: PORT=${port + 1} npm start`);
}

/** The data folder serves one run at a time: the embedded database has no lock of its own. Answers how to let go of it. */
function takeDataFolder(dataDir) {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const file = join(dataDir, 'running.pid');
  const holder = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
  if (holder && holder !== process.pid && isRunning(holder)) {
    throw new CannotStart(`edgepool already runs with the data folder ${dataDir} (process ${holder}). Stop it, or choose another: EDGEPOOL_DATA_DIR=... npm start`);
  }
  writeFileSync(file, String(process.pid));
  return () => rmSync(file, { force: true });
}

class LocalPool {
  #environment;
  #progress = new Progress();
  #parts = [];
  #stopping = false;
  #end;
  #ended = new Promise((done) => { this.#end = done; });

  constructor(environment) {
    this.#environment = environment;
    this.port = portOf(environment);
    this.dataDir = resolve(environment.EDGEPOOL_DATA_DIR || join(kRoot, '.data'));
    this.url = `http://127.0.0.1:${this.port}`;
  }

  /** Starts everything, then waits; answers the exit code. */
  async run() {
    let interrupted = false;
    const interrupt = () => {
      interrupted = true;
      this.#end(null);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, interrupt);
    await requireFreePort(this.port);
    const letGo = takeDataFolder(this.dataDir);
    let failure = null;
    try {
      failure = await Promise.race([this.#start().then(() => this.#ended), this.#ended]);
    } catch (error) {
      failure = interrupted ? null : error.message;
    } finally {
      await this.#stop();
      letGo();
    }
    if (failure) console.error(`\n${this.#redacted(failure)}`);
    else console.log('\nStopped.');
    return failure ? 1 : 0;
  }

  async #start() {
    this.secrets = rememberedSecrets(this.dataDir);
    const own = this.#ownStorage();
    this.storage = own ?? await this.#embeddedStorage();
    // The database starts while the module is built, and wrangler beside it; each step waits for its own part.
    const database = own ? null : this.#startDatabase();
    database?.catch(() => {});
    await this.#progress.step('Building the Wasm module', buildWasm);
    await this.#progress.step('Building the pages', buildWeb);
    this.practised = await this.#providersToPractise();
    if (this.practised.length > 0 && !this.#stopping) this.upstream = await startPracticeUpstream({ word_delay_ms: kWordDelay_ms });
    const worker = this.#startWorker();
    if (database) await this.#progress.step('Starting the embedded database', () => database);
    if (this.practised.length > 0) await this.#progress.step('Starting the practice upstream', () => this.#fillPool());
    else if (this.storage.embedded) await this.#fillPool();
    await this.#progress.step('Starting wrangler dev', () => this.#workerReady(worker));
    this.#announce();
  }

  #ownStorage() {
    const { SUPABASE_REST_URL, SUPABASE_SERVICE_ROLE_KEY, DATABASE_URL } = this.#environment;
    if (SUPABASE_REST_URL && !SUPABASE_SERVICE_ROLE_KEY) throw new CannotStart('SUPABASE_REST_URL is set, SUPABASE_SERVICE_ROLE_KEY is not: set both, or neither for the embedded database.');
    if (!SUPABASE_REST_URL && !DATABASE_URL) return null;
    return { embedded: false, restUrl: SUPABASE_REST_URL, serviceKey: SUPABASE_SERVICE_ROLE_KEY };
  }

  #part(name, args, options) {
    if (this.#stopping) throw new CannotStart('Stopped.');
    const part = new RunningPart(name, nodePath(), args, { cwd: kRoot, ...options });
    this.#parts.push(part);
    part.ended.then((how) => this.#end(`${name} ${how}; edgepool stops.\n\n${part.output.trimEnd().split('\n').slice(-20).join('\n')}`));
    return part;
  }

  /** The text without any secret that this run knows: what a part printed may be shown, its keys may not. */
  #redacted(text) {
    const known = [...Object.values(this.secrets ?? {}), this.#environment.ADMIN_TOKEN, this.#environment.SUPABASE_SERVICE_ROLE_KEY, this.#environment.DATABASE_URL];
    return known.filter(Boolean).reduce((shown, secret) => shown.replaceAll(secret, '[secret]'), text);
  }

  async #embeddedStorage() {
    const port = await freePort();
    return { embedded: true, port, restUrl: `http://127.0.0.1:${port}/rest/v1`, serviceKey: this.secrets.service_key };
  }

  async #startDatabase() {
    const program = [join(kRoot, 'tools/embedded_database.mjs'), '--data-dir', join(this.dataDir, 'db'), '--port', String(this.storage.port)];
    const part = this.#part('The embedded database', program, { env: { SUPABASE_SERVICE_ROLE_KEY: this.secrets.service_key } });
    await part.ready((output) => (/^\{.*"url".*\}$/m.test(output) ? true : undefined));
  }

  #database() {
    return this.storage.restUrl && this.storage.serviceKey ? new PoolDatabase(this.storage.restUrl, this.storage.serviceKey) : null;
  }

  /** Practice stands in for each provider without a base URL of its own, and never in front of a pool with real keys. */
  async #providersToPractise() {
    const candidates = kProviders.filter((provider) => !this.#environment[kBaseUrlVariables[provider]]);
    if (this.storage.embedded) return candidates;
    const database = this.#database();
    const harmless = await Promise.all(candidates.map((provider) => database && holdsOnlyPracticeKeys(database, provider).catch(() => false)));
    return candidates.filter((_, i) => harmless[i]);
  }

  /** Practice keys where practice stands in, none where it does not; and the client token for both providers. */
  async #fillPool() {
    const database = this.#database();
    for (const provider of kProviders) {
      if (this.practised.includes(provider)) await addPracticeKeys(database, provider);
      else if (this.storage.embedded) await removePracticeKeys(database, provider);
      await addClientToken(database, provider, this.secrets.client_token);
    }
  }

  #variables() {
    const environment = this.#environment;
    const passed = Object.fromEntries(kPassedOn.map((name) => [name, environment[name]]));
    const practised = (provider, url) => (this.practised.includes(provider) ? url : environment[kBaseUrlVariables[provider]]);
    return { ...passed, ADMIN_TOKEN: environment.ADMIN_TOKEN || this.secrets.admin_token,
      SUPABASE_REST_URL: this.storage.restUrl, SUPABASE_SERVICE_ROLE_KEY: this.storage.serviceKey,
      OLLAMA_BASE_URL: practised('ollama', this.upstream?.ollamaBaseUrl), OPENROUTER_BASE_URL: practised('openrouter', this.upstream?.openrouterBaseUrl) };
  }

  #startWorker() {
    const { args, env } = wranglerDev(this.dataDir, this.port, this.#variables());
    return this.#part('wrangler dev', args, { env });
  }

  async #workerReady(part) {
    this.health = await workerHealth(part, this.url);
    part.onOutput = (text) => process.stderr.write(this.#redacted(text));
  }

  #announce() {
    const { practised } = this;
    const real = kProviders.filter((provider) => !practised.includes(provider)).map((provider) => `${provider} ${this.#environment[kBaseUrlVariables[provider]] || '(the provider itself)'}`);
    const upstreams = [...(practised.length ? [`practice upstream for ${practised.join(' and ')}, ${this.upstream.url}: no real model, no cost`] : []), ...real].join('; ');
    const usable = this.storage.embedded || practised.length > 0;
    const token = usable ? this.secrets.client_token : '<client token>';
    const path = practised.includes('ollama') || !practised.length ? '/v1/chat/completions' : '/openrouter/v1/chat/completions';
    const body = '{"model":"gpt-oss:20b","stream":true,"messages":[{"role":"user","content":"Hello, pool!"}]}';
    const rows = [
      ['Page', `${this.url}/`],
      ['Dashboard', `${this.url}/dashboard`],
      ['Admin token', this.#environment.ADMIN_TOKEN ? 'the one in ADMIN_TOKEN' : this.secrets.admin_token],
      ...(usable ? [['Client token', token]] : []),
      ['Upstream', upstreams],
      ['Database', this.storage.embedded ? `embedded, kept in ${join(this.dataDir, 'db')}` : this.storage.restUrl ?? 'the project that DATABASE_URL names'],
    ];
    console.log(`\nedgepool is running${this.health.status && this.health.status !== 'ok' ? ` (${this.health.status}: see ${this.url}/health)` : ''}.\n`);
    for (const [name, value] of rows) console.log(`  ${name.padEnd(13)} ${value}`);
    console.log(`\n  Try it${practised.length ? ' (practice, streamed)' : ''}:\n`);
    console.log(`  curl -N ${this.url}${path} -H "Authorization: Bearer ${token}" -H "Content-Type: application/json" -d '${body}'\n`);
    console.log('  Ctrl-C ends everything.\n');
  }

  async #stop() {
    this.#stopping = true;
    for (const part of this.#parts.reverse()) await part.stop();
    await this.upstream?.stop();
  }
}

/** Runs until Ctrl-C, SIGTERM or the end of a part; answers the exit code. */
export async function runLocalPool(environment) {
  try {
    return await new LocalPool(environment).run();
  } catch (error) {
    if (!(error instanceof CannotStart)) throw error;
    console.error(`\n${error.message}`);
    return 1;
  }
}
