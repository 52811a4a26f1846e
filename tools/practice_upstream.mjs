// A practice upstream: one HTTP server on 127.0.0.1 that speaks Ollama Cloud's and OpenRouter's dialects, streams, reports
// usage, and can be told to fail in every documented way (see practice/control.mjs). It is for trying the pool out and for
// its tests; it runs no model, and every answer says so.
// As a module: startPracticeUpstream(options). As a program: node tools/practice_upstream.mjs [--port N] [--word-delay-ms N].
import { createHash, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { controlAnswer, isControlPath } from './practice/control.mjs';
import { deliver } from './practice/delivery.mjs';
import { errorInDialect } from './practice/error_dialects.mjs';
import { FaultBook } from './practice/fault_book.mjs';
import { KeyAccounts } from './practice/key_accounts.mjs';
import { plainAnswer } from './practice/openai_more.mjs';
import { fixtureAt, readProviderFixtures } from './practice/provider_fixtures.mjs';
import { RequestLog } from './practice/request_log.mjs';
import { routeOf } from './practice/routes.mjs';
import { kWireFaults } from './practice/wire_faults.mjs';

const kJson = { 'content-type': 'application/json' };

async function readBody(request) {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
}

function bearerOf(headers) {
  const found = /^bearer\s+(.+)$/i.exec(headers.authorization ?? '');
  return found?.[1].trim();
}

function parseJson(bytes) {
  if (bytes.length === 0) return {};
  try {
    const value = JSON.parse(bytes.toString('utf8'));
    return value && typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function errorPlan(fixture, dialect, overrides = {}) {
  const status = overrides.status ?? fixture.status;
  const body = overrides.body ?? errorInDialect(fixture.body, fixture.dialect, dialect, status);
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { status, headers: { ...fixture.headers, ...overrides.headers }, frame: 'json', events: [text], tail: 0, usage: null };
}

class PracticeUpstream {
  #fixtures = readProviderFixtures();
  #stopping = new AbortController();
  #server = createServer((request, response) => this.#serve(request, response).catch((error) => this.#fail(response, error)));
  #run_id = randomUUID().slice(0, 8);

  constructor(options) {
    this.settings = { word_delay_ms: options.word_delay_ms ?? 0, words: options.words ?? 0, usage_choices: 'repeat', keep_bodies: options.keep_bodies ?? false };
    this.faults = new FaultBook(this.#fixtures);
    this.keys = new KeyAccounts({ prefix: options.key_prefix, keys: options.keys });
    this.requests = new RequestLog(options.log_limit);
  }

  async listen(port) {
    await new Promise((done, failed) => this.#server.once('error', failed).listen(port, '127.0.0.1', done));
    this.#server.keepAliveTimeout = 60000;
    this.url = `http://127.0.0.1:${this.#server.address().port}`;
    this.ollamaBaseUrl = this.url;
    this.openrouterBaseUrl = `${this.url}/api/v1`;
  }

  /** Closes every connection, also stalled ones, and frees the port. */
  async stop() {
    this.#stopping.abort();
    await this.shut();
  }

  /** Nobody is let in any more, and whoever is in is thrown out; listen() on the same port opens again. */
  async shut() {
    const closed = new Promise((done) => this.#server.close(done));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request, response) {
    const url = new URL(request.url, 'http://practice');
    const bytes = await readBody(request).catch(() => null);
    if (bytes === null) return;
    if (isControlPath(url.pathname)) {
      const { status, value } = controlAnswer(this, request.method, url.pathname, url.searchParams, bytes.toString('utf8'));
      response.writeHead(status, kJson).end(JSON.stringify(value));
      return;
    }
    const route = routeOf(request.method, url.pathname);
    const key = bearerOf(request.headers);
    const body = parseJson(bytes);
    const { authorization, ...headers } = request.headers;
    const record = this.requests.open({ provider: route.provider, dialect: route.dialect, method: request.method, path: url.pathname, query: url.search, headers,
      key, credential: authorization === undefined ? null : 'authorization', model: body?.model ?? null, stream: body?.stream ?? null,
      body_bytes: bytes.length, body_sha256: createHash('sha256').update(bytes).digest('hex'), ...(this.settings.keep_bodies ? { body: bytes.toString('utf8') } : {}) });
    const delivery = this.#decide(route, request.method, record, body);
    record.status = delivery.start ? null : delivery.status;
    response.on('close', () => { if (!response.writableFinished && !delivery.ours) this.requests.close(record, 'aborted'); });
    const outcome = await deliver(delivery, response, this.#stopping.signal, () => record.events_sent++);
    if (outcome === 'aborted') this.requests.close(record, 'aborted');
    else if (outcome === 'cut' || delivery.sound === false) this.requests.close(record, 'broken');
    else this.requests.close(record, delivery.status < 400 ? 'succeeded' : 'refused', delivery.usage);
  }

  /** What this request gets: the sound answer, a refusal, or the fault that awaits it. */
  #decide(route, method, record, body) {
    const { provider, dialect } = route;
    const now_ms = Date.now();
    const refuse = (name, overrides) => errorPlan(fixtureAt(this.#fixtures[provider][name], now_ms), dialect, overrides);
    if (!route.open && !this.keys.accepts(record.key)) return refuse('401');
    const spec = this.faults.pick({ provider, dialect, key: record.key, model: record.model ?? '', path: record.path, probe: route.probe });
    const ceiling = this.keys.concurrency(record.key);
    if (!spec && ceiling > 0 && !route.probe && this.requests.counter(provider, record.key).in_flight > ceiling) {
      return refuse(provider === 'ollama' ? '429_concurrency' : '402_in_flight');
    }
    if (spec) record.fault = spec.fault;
    const fixture = spec && this.#fixtures[provider][spec.fault];
    if (spec?.fault === 'status') return { ...errorPlan({ status: 500, headers: kJson, body: {}, dialect: 'any' }, dialect, spec), delay_ms: spec.delay_ms };
    if (fixture && !spec.fault.startsWith('stream_error')) {
      const answer = fixtureAt(fixture, now_ms);
      if (route.probe && answer.probe && answer.probe !== 'same') return plainAnswer(answer.probe.body);
      return { ...errorPlan(answer, dialect, spec), delay_ms: spec.delay_ms, ...(answer.status < 400 && !route.probe ? { sound: false } : {}) };
    }
    const plan = this.#soundAnswer(route, method, record, body, refuse, now_ms);
    if (!spec || plan.status >= 400) return { word_delay_ms: this.settings.word_delay_ms, ...plan };
    const context = { provider, errorBody: (name) => {
      const error = this.#fixtures[provider][name];
      return errorInDialect(error.body, error.dialect, dialect, error.body.error?.code ?? 500);
    } };
    const faulty = fixture ? kWireFaults.error_first_event(plan, { ...spec, error: spec.fault }, context) : kWireFaults[spec.fault](plan, spec, context);
    return { word_delay_ms: this.settings.word_delay_ms, ...(spec.delay_ms ? { delay_ms: spec.delay_ms } : {}), ...faulty, ours: faulty.start === 'reset' || faulty.ending === 'reset' };
  }

  #soundAnswer(route, method, record, body, refuse, now_ms) {
    const { provider } = route;
    if (route.probe) return plainAnswer(this.keys.probeBody(provider, record.key, now_ms));
    if (!route.answer) return refuse('404_model', { status: 404, body: { error: `no such route: ${method} ${record.path}` } });
    if (body === null) return refuse('400');
    if (method === 'POST' && (typeof body.model !== 'string' || (route.needs && body[route.needs] === undefined))) return refuse('400');
    const call = { body, provider, settings: this.settings, id: `${this.#run_id}-${record.number}`, created_s: Math.floor(now_ms / 1000) };
    return route.answer(call) ?? refuse('404_model');
  }

  #fail(response, error) {
    console.error('practice upstream:', error);
    if (response.headersSent) response.destroy();
    else response.writeHead(500, kJson).end(JSON.stringify({ error: 'the practice upstream itself failed' }));
  }
}

/**
 * Starts the practice upstream.
 * Options: port = 0, word_delay_ms = 0, words = 0 (0: a sentence), keys = [], key_prefix = "practice-", keep_bodies = false, log_limit = 20000.
 * Returns {url, ollamaBaseUrl, openrouterBaseUrl, faults, keys, requests, settings, stop()}.
 */
export async function startPracticeUpstream({ port = 0, ...options } = {}) {
  const upstream = new PracticeUpstream(options);
  await upstream.listen(port);
  return upstream;
}

async function runProgram() {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '0' }, 'word-delay-ms': { type: 'string', default: '0' } } });
  const upstream = await startPracticeUpstream({ port: Number(values.port), word_delay_ms: Number(values['word-delay-ms']) });
  console.log(JSON.stringify({ service: 'practice upstream', url: upstream.url, ollamaBaseUrl: upstream.ollamaBaseUrl, openrouterBaseUrl: upstream.openrouterBaseUrl }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => upstream.stop().then(() => process.exit(0)));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await runProgram();
