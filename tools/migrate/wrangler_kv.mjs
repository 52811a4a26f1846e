// A KV namespace as Wrangler reads it, local or at Cloudflare. Names and values go through files and pipes, never through arguments: an
// entry's name can hold a client's token, and everybody on a machine can see arguments.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';

const kWrangler = join(dirname(createRequire(import.meta.url).resolve('wrangler/package.json')), 'bin', 'wrangler.js');
const kNamesPerCall = 100; // Cloudflare's own limit for a bulk read

export class WranglerFailed extends Error {}

function run(args) {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [kWrangler, ...args], { stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG_SANITIZE: 'true', NO_COLOR: '1', FORCE_COLOR: '0' } });
    const output = { stdout: '', stderr: '' };
    for (const name of Object.keys(output)) child[name].setEncoding('utf8').on('data', (text) => { output[name] += text; });
    child.once('error', (error) => failed(new WranglerFailed(error.message)));
    child.once('close', (code) => {
      if (code === 0) done(output.stdout);
      else failed(new WranglerFailed(`wrangler ${args.slice(0, 3).join(' ')} ended with exit code ${code}\n${output.stderr.trim().slice(-2000)}`));
    });
  });
}

/** The JSON that Wrangler prints, whatever it says before it. */
function jsonOf(text, opening) {
  const begin = text.startsWith(opening) ? 0 : text.indexOf(`\n${opening}`) + 1;
  try {
    return JSON.parse(text.slice(begin));
  } catch {
    throw new WranglerFailed('Wrangler answered something that is not JSON');
  }
}

export class WranglerKv {
  /** `place`: Wrangler's own arguments, such as ['--namespace-id', id, '--remote']. */
  constructor(place) {
    this.place = place;
  }

  /** [{name, expiration?}] of all entries. */
  async entries() {
    return jsonOf(await run(['kv', 'key', 'list', ...this.place]), '[');
  }

  /** A Map from name to text, or null for what is not there; note(n) tells how many have been read. */
  async values(names, note = () => {}) {
    const folder = mkdtempSync(join(tmpdir(), 'edgepool-migrate-'));
    const values = new Map();
    try {
      for (let at = 0; at < names.length; at += kNamesPerCall) {
        const asked = names.slice(at, at + kNamesPerCall);
        const file = join(folder, 'names.json');
        writeFileSync(file, JSON.stringify(asked), { mode: 0o600 });
        const answer = jsonOf(await run(['kv', 'bulk', 'get', file, ...this.place]), '{');
        for (const name of asked) {
          const found = answer[name];
          values.set(name, found !== null && typeof found === 'object' ? found.value ?? null : found ?? null);
        }
        note(values.size);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    return values;
  }
}
