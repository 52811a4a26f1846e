// A flood of tokens that nobody has made, as fast as wrk can send it.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const kScript = fileURLToPath(new URL('flood.lua', import.meta.url));
const kConnections = 64;

/** Answers {rate, unexpected}: how many a second were answered, and the answers that were no refusal. */
export async function flood(url, seconds) {
  const { stdout } = await promisify(execFile)('wrk', ['-t1', `-c${kConnections}`, `-d${seconds}s`, '-s', kScript, url], { maxBuffer: 64 << 20 });
  return { rate: Math.round(Number(/(\d+) requests in/.exec(stdout)[1]) / seconds), unexpected: stdout.match(/unexpected \d+/g) ?? [] };
}
