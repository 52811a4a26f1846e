// Builds of the same thing take turns by a lock file: several `wrangler dev` may start one at once. A lock whose holder is gone is taken.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning } from './is_running.mjs';

const kLockPoll_ms = 50;

async function takeLock(file) {
  mkdirSync(dirname(file), { recursive: true });
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const holder = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
    if (holder && !isRunning(holder)) rmSync(file, { force: true });
    else await sleep(kLockPoll_ms);
  }
}

/** Runs `build()` while holding the lock `file`; answers what it answers. */
export async function runAlone(file, build) {
  await takeLock(file);
  try {
    return await build();
  } finally {
    rmSync(file, { force: true });
  }
}
