// Runs the worker in workerd itself, unbundled: the shim's files and the Wasm module are the modules, wrangler.toml gives the date and
// the flags. No development server stands between: a client that resets its connection, or an upstream that does, is seen as in
// production. (Wrangler's test harness answers 500 for an upstream that cannot be reached, and does not pass a client's leaving on.)
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import workerd from 'workerd';

export const kRoot = fileURLToPath(new URL('../../../', import.meta.url));
const kMain = 'js-shim/index.mjs';
const kWasm = 'dist/edgepool.wasm';
// Another build of the module may be put in its place: a path below the root (the second toolchain's, in npm test).
const kWasmFile = process.env.EDGEPOOL_TEST_MODULE ?? kWasm;

const quoted = (text) => JSON.stringify(text).replace(/\\u00(..)/g, "\\x$1");

/** The shim as workerd modules by name: {name: source text}. */
function shimModules() {
  const names = readdirSync(join(kRoot, 'js-shim')).filter((name) => name.endsWith('.mjs'));
  return Object.fromEntries(names.map((name) => [`js-shim/${name}`, readFileSync(join(kRoot, 'js-shim', name), 'utf8')]));
}

/** What wrangler.toml says of a name that holds a text or a list of texts. */
function wranglerSetting(name) {
  const line = new RegExp(`^${name} = (.*)$`, 'm').exec(readFileSync(join(kRoot, 'wrangler.toml'), 'utf8'));
  return JSON.parse(line[1]);
}

const kWasmModule = `(name = "${kWasm}", wasm = embed "/${kWasmFile}")`;

/** The product's modules, the main one first; `modules` replaces or adds modules by name. */
function productModules(modules) {
  const sources = Object.entries({ ...shimModules(), ...modules }).map(([name, text]) => `(name = ${quoted(name)}, esModule = ${quoted(text)})`);
  const main = sources.findIndex((source) => source.startsWith(`(name = "${kMain}"`));
  return [sources[main], ...sources.slice(0, main), ...sources.slice(main + 1), kWasmModule];
}

// Two among the variables are none. `cacheAddress`: where the server behind the Cache API listens (cache_server.mjs); without it there is
// none. `trustedCertificate`: PEM of an authority that is trusted on outgoing connections, beside the ones that everybody trusts.
function configText({ cacheAddress, trustedCertificate, ...variables }, modules) {
  const tls = `tlsOptions = (trustBrowserCas = true${trustedCertificate ? `, trustedCertificates = [${quoted(trustedCertificate)}]` : ''})`;
  const cacheService = cacheAddress ? `(name = "cache", external = (address = ${quoted(cacheAddress)}, http = ())),` : '';
  const bindings = Object.entries(variables).map(([name, value]) => `(name = ${quoted(name)}, text = ${quoted(value)})`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["public", "private", "local"], ${tls})),
    ${cacheService}
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [${modules.join(',\n    ')}],
  bindings = [${bindings.join(', ')}],
  compatibilityDate = "${wranglerSetting('compatibility_date')}",
  compatibilityFlags = [${wranglerSetting('compatibility_flags').map(quoted).join(', ')}],
  ${cacheAddress ? 'cacheApiOutbound = "cache",' : ''}
);
`;
}

const running = new Set();
process.once('exit', () => { for (const end of running) end(); });
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit(1));

/**
 * Starts the worker with these variables; `modules` replaces or adds modules by name, `environment` is the process's own.
 * Answers {url, pid, output(), stop(signal)}; stop() ends it at once, as when an isolate is killed outright.
 */
export function startWorker(variables, modules = {}, environment = {}) {
  return startModules(variables, productModules(modules), environment);
}

/** The same of a worker that is one JavaScript module and none of the product: what the product is compared with. */
export function startPlainWorker(variables, source) {
  return startModules(variables, [`(name = "worker.mjs", esModule = ${quoted(source)})`]);
}

async function startModules(variables, modules, environment = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'edgepool-workerd-'));
  const config = join(folder, 'config.capnp');
  writeFileSync(config, configText(variables, modules), { mode: 0o600 });
  const child = spawn(workerd.default, ['serve', config, `--import-path=${kRoot}`, '--control-fd=3'], { stdio: ['ignore', 'pipe', 'pipe', 'pipe'], env: { ...process.env, ...environment } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { output += text; });
  const ended = new Promise((done) => child.once('exit', done));
  const end = (signal = 'SIGKILL') => {
    child.kill(signal);
    rmSync(folder, { recursive: true, force: true });
  };
  running.add(end);
  const stop = async (signal) => {
    running.delete(end);
    end(signal);
    await ended;
  };
  const control = createInterface({ input: child.stdio[3] });
  const port = await new Promise((done) => {
    control.on('line', (line) => {
      const event = JSON.parse(line);
      if (event.event === 'listen') done(event.port);
    });
    ended.then(() => done(undefined));
  });
  if (port === undefined) {
    await stop();
    throw new Error(`workerd did not start:\n${output}`);
  }
  return { url: `http://127.0.0.1:${port}`, pid: child.pid, output: () => output, stop };
}
