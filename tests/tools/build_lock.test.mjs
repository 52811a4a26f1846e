// The lock that builds take turns by.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { runAlone } from '../../tools/build_lock.mjs';

const folder = mkdtempSync(join(tmpdir(), 'edgepool-lock-'));
const lock = join(folder, 'inner', 'build.lock');
after(() => rmSync(folder, { recursive: true, force: true }));

test('builds take turns, each sees the lock as its own and whole, and nothing is left', async () => {
  let running = 0;
  const build = async () => {
    running += 1;
    assert.equal(running, 1);
    assert.equal(readFileSync(lock, 'utf8'), String(process.pid));
    await sleep(20);
    running -= 1;
    return 'built';
  };
  assert.deepEqual(await Promise.all([1, 2, 3, 4].map(() => runAlone(lock, build))), Array(4).fill('built'));
  await assert.rejects(runAlone(lock, () => Promise.reject(new Error('broken'))), /broken/);
  assert.deepEqual(readdirSync(join(folder, 'inner')), []);
});

test('a lock whose holder is gone, or that names nobody, is taken', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  for (const holder of [String(pid), '', 'nobody']) {
    writeFileSync(lock, holder);
    assert.equal(await runAlone(lock, async () => 'built'), 'built');
  }
});
