// Starts the worker as `wrangler dev` does, with the pages as static assets before it: what Pool (tests/e2e/support) takes as `serve`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../tools/local/free_port.mjs';
import { RunningPart } from '../../../tools/local/running_part.mjs';
import { workerHealth, wranglerDev } from '../../../tools/local/wrangler_dev.mjs';
import { kRoot } from '../../../tools/setup.mjs';

const kStartAttempts = 3;

async function startOnce(variables, folder) {
  const port = await freePort();
  const { args, env } = wranglerDev(folder, port, variables);
  const part = new RunningPart('wrangler dev', process.execPath, args, { cwd: kRoot, env });
  const end = () => process.kill(-part.pid, 'SIGKILL');
  process.once('exit', end);
  const stop = async () => {
    process.off('exit', end);
    await part.stop();
  };
  let output = '';
  const url = `http://127.0.0.1:${port}`;
  try {
    await workerHealth(part, url);
  } catch (error) {
    await stop();
    throw error;
  }
  output = part.output;
  part.onOutput = (text) => { output += text; };
  return { url, output: () => output, stop };
}

/** Answers {url, output(), stop()}, as startWorker does. A port that another process took in between is tried again elsewhere. */
export async function servePages(variables) {
  const folder = mkdtempSync(join(tmpdir(), 'edgepool-pages-'));
  for (let attempt = 1; ; ++attempt) {
    try {
      const worker = await startOnce(variables, folder);
      return { ...worker, stop: async () => {
        await worker.stop();
        rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
      } };
    } catch (error) {
      if (attempt === kStartAttempts || !/EADDRINUSE|Address already in use/.test(error.message)) throw error;
    }
  }
}
