// Floods of the routes that need no token: what they show is asked of the database once and kept for seconds, however many ask at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pause, secretsStayIn, wholePool } from './support/pool.mjs';

const pool = wholePool();
const kAtOnce = 500;
const kMostCalls = 10;      // of 500 that come at once: one, and what is asked anew while they still come
const kFreshFor_ms = 5_500; // an answer is kept for five seconds

for (const path of ['/health', '/admin/public-stats']) {
  for (const [when, prepare] of [['of a cold isolate', () => pool.restart()], ['whose last answer is old', () => pause(kFreshFor_ms)]]) {
    test(`${kAtOnce} requests at once to ${path} ${when} are all answered, at the price of a few database calls`, async () => {
      await prepare();
      pool.gate.calls.length = 0;
      const statuses = await Promise.all(Array.from({ length: kAtOnce }, async () => (await pool.ask(path, undefined, { token: null })).status));
      assert.deepEqual([...new Set(statuses)], [200]);
      assert.ok(pool.gate.calls.length <= kMostCalls, `${pool.gate.calls.length} database calls`);
    });
  }
}

secretsStayIn(pool);
