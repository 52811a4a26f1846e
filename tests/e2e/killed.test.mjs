// An isolate that is killed outright: what it had not sent yet is lost, and no more than that; nothing is counted twice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pause, secretsStayIn, wholePool } from './support/pool.mjs';

const pool = wholePool();
const kRequests = 30;

async function served(times) {
  for (let i = 0; i < times; ++i) assert.equal((await pool.chat()).status, 200);
}

test('what was counted before the last window stays counted when the isolate is killed; the next one counts on', async () => {
  await served(kRequests);
  await pool.counted(kRequests);
  await served(3);
  await pool.restart();
  await served(kRequests);
  const told = await pool.counted(2 * kRequests);
  await pause(2000);
  const later = await pool.counted(2 * kRequests);
  assert.ok(told.requests <= 2 * kRequests + 3 && later.requests <= 2 * kRequests + 3, `${later.requests} counted`);
  assert.equal(later.success, later.requests);
});

test('keys that were in use when the isolate was killed are in service in the next one', async () => {
  pool.upstream.faults.add({ fault: 'stall', count: 6 });
  const hanging = Array.from({ length: 6 }, () => pool.chat().catch(() => null));
  await pause(300);
  await pool.restart();
  await Promise.all(hanging);
  await served(6);
  for (const key of await pool.allKeys()) assert.equal(key.status, 'active');
});

secretsStayIn(pool);
