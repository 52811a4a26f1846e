// Runs a program to its end, quietly: its output is kept and shown only when it fails. Runs on any Node from 18 on.
import { spawn } from 'node:child_process';

const kKeptOutput_bytes = 200000;
const kShownLines = 40;

export class CommandFailed extends Error {
  constructor(line, reason, output) {
    super(`${line}\n${reason}\n\n${output.trimEnd().split('\n').slice(-kShownLines).join('\n')}`);
    this.name = 'CommandFailed';
    this.output = output;
  }
}

/** Resolves with the output (both streams together); rejects with CommandFailed. `onLine` gets each finished line. */
export function runCommand(command, args, { cwd, env, onLine } = {}) {
  return new Promise((done, failed) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let line = '';
    const take = (text) => {
      output = (output + text).slice(-kKeptOutput_bytes);
      if (!onLine) return;
      const lines = (line + text).split(/\r?\n/);
      line = lines.pop();
      for (const whole of lines) if (whole.trim()) onLine(whole.trim());
    };
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', take);
    }
    const shown = [command, ...args].join(' ');
    child.once('error', (error) => failed(new CommandFailed(shown, error.code === 'ENOENT' ? `${command} is not installed` : error.message, output)));
    child.once('close', (code, signal) => {
      if (code === 0) done(output);
      else failed(new CommandFailed(shown, signal ? `ended by ${signal}` : `exit code ${code}`, output));
    });
  });
}
