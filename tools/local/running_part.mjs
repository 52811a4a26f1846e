// One long-running program that a local run started: told ready from its output, ended with everything it started itself.
// Each gets a process group of its own, so that Ctrl-C reaches only the one who started them and the order of ending is ours.
import { spawn } from 'node:child_process';

const kKeptOutput_bytes = 20000;
const kBeforeKill_ms = 5000;

export class RunningPart {
  #child;
  #output = '';
  #stopping = false;

  /** `onOutput(text)` gets what the part prints, once it is set; until then it is kept for the message of a failure. */
  constructor(name, command, args, { env = {}, cwd } = {}) {
    this.name = name;
    this.onOutput = null;
    this.#child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    this.ended = new Promise((done) => {
      this.#child.once('error', (error) => done(`could not be started: ${error.message}`));
      this.#child.once('exit', (code, signal) => done(signal ? `was ended by ${signal}` : `ended with exit code ${code}`));
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => {
        this.#output = (this.#output + text).slice(-kKeptOutput_bytes);
        this.onOutput?.(text);
      });
    }
  }

  get output() {
    return this.#output;
  }

  get pid() {
    return this.#child.pid;
  }

  /** Waits until `probe()` answers something other than undefined; rejects, with the output, when the part ends first. */
  async ready(probe, every_ms = 50) {
    let reason;
    this.ended.then((how) => { reason = how; });
    for (;;) {
      const value = await probe(this.#output);
      if (value !== undefined) return value;
      if (reason) throw new Error(`${this.name} ${reason}\n\n${this.#output.trimEnd()}`);
      await new Promise((done) => setTimeout(done, every_ms));
    }
  }

  /** Ends the part and its own children: politely, then after five seconds without asking. */
  async stop() {
    if (this.#stopping || this.#child.pid === undefined) return await this.ended;
    this.#stopping = true;
    this.#signal('SIGTERM');
    const hard = setTimeout(() => this.#signal('SIGKILL'), kBeforeKill_ms);
    const how = await this.ended;
    clearTimeout(hard);
    // What the part left behind in its group ends with it.
    this.#signal('SIGKILL');
    return how;
  }

  #signal(name) {
    try {
      process.kill(-this.#child.pid, name);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }
}
