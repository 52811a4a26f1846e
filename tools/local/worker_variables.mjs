// The worker's configuration for a local run, as the env file that wrangler reads: a file only its owner can read, since
// a command line is visible to every process of the machine. The names are those of docs/HTTP-API.md.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** What is handed on from the environment of `npm start` to the worker, where it is set. */
export const kPassedOn = ['DATABASE_URL', 'REDIS_URL', 'DISABLE_OLLAMA', 'DISABLE_OPENROUTER', 'ENABLE_RATE_LIMIT', 'RATE_LIMIT_REQUESTS', 'RATE_LIMIT_WINDOW',
  'OPENROUTER_APP_URL', 'OPENROUTER_APP_TITLE', 'KEY_STRATEGY', 'MAX_ATTEMPTS', 'MAX_BODY_BYTES', 'MODEL_ALIASES', 'MODEL_FALLBACKS', 'STREAM_USAGE',
  'FIRST_BYTE_TIMEOUT_MS', 'IDLE_TIMEOUT_MS', 'REQUEST_TIMEOUT_MS', 'FAILOVER_TIMEOUT_MS', 'DISPLAY_TIMEZONE_OFFSET', 'ADMIN_CORS_ORIGINS', 'METRICS_TOKEN'];

/** One line of an env file whose value is read back exactly; throws on a value that such a file cannot hold. */
export function envLine(name, value) {
  if (/[\r\n\0]/.test(value)) throw new Error(`${name} has a line break in it`);
  const quote = ["'", '"', '`'].find((mark) => !value.includes(mark));
  if (!quote) throw new Error(`${name} holds every kind of quotation mark, which an env file cannot`);
  // "$" would be taken for another variable's name; "\n" in double quotes for a line break.
  if (quote === '"' && value.includes('\\')) throw new Error(`${name} holds a backslash next to single quotes, which an env file cannot`);
  return `${name}=${quote}${value.replaceAll('$', '\\$')}${quote}\n`;
}

export function writeWorkerVariables(file, variables) {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const lines = Object.entries(variables).filter(([, value]) => value !== undefined && value !== '').map(([name, value]) => envLine(name, value));
  writeFileSync(file, lines.join(''), { mode: 0o600 });
  chmodSync(file, 0o600);
}
