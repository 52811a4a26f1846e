// A whole `npm start` in a test: started on a port of its own with a data folder of its own, ended when the test is done.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const kStart = fileURLToPath(new URL('../../tools/start.mjs', import.meta.url));
const kOwnVariables = ['PORT', 'ADMIN_TOKEN', 'EDGEPOOL_DATA_DIR', 'OLLAMA_BASE_URL', 'OPENROUTER_BASE_URL', 'SUPABASE_REST_URL', 'SUPABASE_SERVICE_ROLE_KEY', 'DATABASE_URL'];

export function temporaryFolder(t) {
  const folder = mkdtempSync(join(tmpdir(), 'edgepool-start-'));
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** The processes that `pid` started, their own children included. */
export function descendants(pid) {
  const parents = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (state !== 'Z') parents.set(Number(name), Number(parent));
    } catch {
      // It has ended meanwhile.
    }
  }
  const found = [pid];
  for (const ancestor of found) for (const [child, parent] of parents) if (parent === ancestor) found.push(child);
  return found.slice(1).map((child) => ({ pid: child, command: commandOf(child) }));
}

function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

export function isAlive(pid) {
  return commandOf(pid) !== '';
}

export class LocalRun {
  output = '';

  constructor(t, environment) {
    const own = Object.fromEntries(kOwnVariables.map((name) => [name, undefined]));
    this.child = spawn(process.execPath, [kStart], { env: { ...process.env, ...own, npm_lifecycle_event: undefined, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) stream.setEncoding('utf8').on('data', (text) => { this.output += text; });
    this.exit = new Promise((done) => this.child.once('exit', (code, signal) => done(code ?? signal)));
    t.after(() => this.stop());
  }

  /** Waits until it says that it runs; fails with its output when it ends instead. */
  async running() {
    let exited;
    this.exit.then((how) => { exited = how; });
    while (!this.output.includes('Ctrl-C ends everything')) {
      if (exited !== undefined) throw new Error(`npm start ended (${exited}):\n${this.output}`);
      await new Promise((done) => setTimeout(done, 25));
    }
    return this;
  }

  async stop(signal = 'SIGTERM') {
    this.child.kill(signal);
    return await this.exit;
  }

  /** The printed curl line as fetch's arguments. */
  get curl() {
    const [, url, rest] = /^ {2}curl -N (\S+) (.*)$/m.exec(this.output);
    const headers = Object.fromEntries([...rest.matchAll(/-H "([^:]+): ([^"]*)"/g)].map(([, name, value]) => [name, value]));
    return [url, { method: 'POST', headers, body: /-d '(.*)'$/.exec(rest)[1] }];
  }

  row(name) {
    return new RegExp(`^ {2}${name} +(.*)$`, 'm').exec(this.output)?.[1];
  }
}
