// Builds of the same thing take turns by a lock file: several `wrangler dev` may start one at once. A lock whose holder is gone is taken.
// It appears whole or not at all: it is written elsewhere and linked to its name, so that no writer can die in between.
import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning } from './is_running.mjs';

const kLockPoll_ms = 50;

/** Who holds the lock, as its file says; undefined when there is none. What no number can be read from is nobody's (0). */
function holderOf(file) {
  try {
    return Number(readFileSync(file, 'utf8')) || 0;
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function tryToTake(file, mine) {
  try {
    linkSync(mine, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

async function takeLock(file) {
  mkdirSync(dirname(file), { recursive: true });
  const mine = `${file}.${randomUUID()}`;
  writeFileSync(mine, String(process.pid));
  try {
    while (!tryToTake(file, mine)) {
      const holder = holderOf(file);
      if (holder !== undefined && !(holder > 0 && isRunning(holder))) rmSync(file, { force: true });
      else await sleep(kLockPoll_ms);
    }
  } finally {
    rmSync(mine, { force: true });
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
