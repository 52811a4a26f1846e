// `wrangler dev` as a running part: workerd with the module and the pages, variables by an env file, nothing sent anywhere.
import { join } from 'node:path';
import { kRoot } from '../setup.mjs';
import { writeWorkerVariables } from './worker_variables.mjs';

const kPoll_ms = 5000;

/** What RunningPart needs to start it: {args, env}. Its files (variables, state, logs) live in `folder`. */
export function wranglerDev(folder, port, variables) {
  const file = join(folder, 'worker.env');
  writeWorkerVariables(file, variables);
  const wrangler = join(kRoot, 'node_modules/wrangler/bin/wrangler.js');
  return {
    args: [wrangler, 'dev', '--local', '--ip', '127.0.0.1', '--port', String(port), '--inspector-port', '0', '--log-level', 'warn',
      '--show-interactive-dev-session=false', '--env-file', file, '--persist-to', join(folder, 'wrangler')],
    env: { WRANGLER_SEND_METRICS: 'false', CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_LOG_PATH: join(folder, 'wrangler-logs'), CI: 'true' },
  };
}

/** Waits until the worker at `url` answers; answers what /health says. */
export function workerHealth(part, url) {
  return part.ready(async () => {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(kPoll_ms) }).catch(() => undefined);
    return answer ? await answer.json().catch(() => ({})) : undefined;
  });
}
