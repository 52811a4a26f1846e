// Keys by the hundred thousand: what one call costs in calls of the database and in memory, what it tells on the way, and that it can be
// broken off and sent again.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { leaveInTheMiddle } from './support/leaving_client.mjs';
import { pause, secretsStayIn, wholePool } from './support/pool.mjs';

const kCount = 100_000;
const kPortion = 5000;
const pool = wholePool({ keys: 1 });
const bulk = (from, count) => Array.from({ length: count }, (_, i) => `practice-${String(from + i).padStart(9, '0')}${'0123456789abcdef'.repeat(3)}`);
const asText = { method: 'POST', headers: { 'content-type': 'text/plain' } };
const withProgress = (type) => ({ method: 'POST', headers: { 'content-type': type, accept: 'application/x-ndjson' } });
const kMostGrowth_MiB = 160; // of the whole process, garbage included: an isolate may hold 128 MB
const linesOf = (answer) => answer.text.trimEnd().split('\n').map((line) => JSON.parse(line));
const peakOf = (pid) => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

test('a hundred thousand keys in one call: twenty calls of the database, progress on the way, the same result again', async (t) => {
  const keys = bulk(0, kCount);
  pool.secrets.push(keys[0], keys[kCount / 2], keys[kCount - 1]);
  const body = `${keys.join('\n')}\n${keys[7]}\nnot a key\n`;
  writeFileSync(`/proc/${pool.worker.pid}/clear_refs`, '5'); // the peak from here on
  const before_MiB = peakOf(pool.worker.pid);
  pool.gate.calls.length = 0;
  const began_ms = performance.now();
  const answer = await pool.admin('/admin/api-keys/import?provider=openrouter', body, { ...withProgress('text/plain'), signal: AbortSignal.timeout(300_000) });
  const took_ms = performance.now() - began_ms;
  assert.equal(answer.headers.get('content-type'), 'application/x-ndjson');
  const lines = linesOf(answer);
  const { result } = lines.pop();
  assert.deepEqual([result.total, result.added, result.existing, result.duplicates, result.invalidCount], [kCount + 2, kCount, 0, 1, 1]);
  assert.deepEqual([result.duplicateLines, result.invalid.map(({ line }) => line)], [[kCount + 1], [kCount + 2]]);
  assert.ok(lines.every(({ progress }, i) => progress.total === kCount + 2 && progress.done >= (lines[i - 1]?.progress.done ?? 0)));
  assert.equal(lines.at(-1).progress.added, kCount);
  assert.equal(pool.gate.count('pool_keys_add'), kCount / kPortion);
  assert.ok(pool.gate.calls.length <= 22, pool.gate.calls.join());
  t.diagnostic(`${kCount} keys, ${(body.length / 2 ** 20).toFixed(1)} MiB: ${(took_ms / 1000).toFixed(1)} s, ${pool.gate.calls.length} subrequests, ` +
    `workerd from ${before_MiB.toFixed(0)} to ${peakOf(pool.worker.pid).toFixed(0)} MiB at most`);
  assert.ok(peakOf(pool.worker.pid) - before_MiB < kMostGrowth_MiB, `${(peakOf(pool.worker.pid) - before_MiB).toFixed(0)} MiB more`);
  const again = (await pool.admin('/admin/api-keys/import', { provider: 'openrouter', keys }, { signal: AbortSignal.timeout(300_000) })).json();
  assert.deepEqual([again.total, again.added, again.existing, again.duplicates], [kCount, 0, kCount, 0]);
  assert.equal((await pool.admin('/admin/stats?provider=openrouter')).json().total_api_keys, kCount + 1);
  assert.equal((await pool.chat({}, { provider: 'openrouter' })).status, 200);
});

test('an import that breaks off half-way says what stays; sent again it ends with every key once', async () => {
  const keys = bulk(5_000_000, 3 * kPortion);
  pool.gate.calls.length = 0;
  const shut = async () => {
    while (pool.gate.count('pool_keys_add') < 2) await new Promise((done) => setTimeout(done, 5));
    await pool.gate.shut();
  };
  const [answer] = await Promise.all([pool.admin('/admin/api-keys/import', keys.join('\n'), withProgress('text/plain')), shut()]);
  const { error, code } = linesOf(answer).at(-1);
  assert.equal(code, 'storage_unavailable');
  assert.match(error, /\d+ keys had been added before and stay: send the import again/);
  await pool.gate.idle();
  await pool.gate.open();
  const again = (await pool.admin('/admin/api-keys/import', keys.join('\n'), asText)).json();
  assert.equal(again.added + again.existing, keys.length);
  assert.ok(again.existing >= kPortion);
  assert.equal((await pool.admin('/admin/stats')).json().total_api_keys, keys.length + 1);
});

test('a client that leaves in the middle of an import leaves whole portions behind and the worker well', async () => {
  const keys = bulk(9_000_000, 4 * kPortion);
  const before = (await pool.admin('/admin/stats')).json().total_api_keys;
  await leaveInTheMiddle(`${pool.worker.url}/admin/api-keys/import`, { token: pool.adminToken, body: { keys }, headers: { accept: 'application/x-ndjson' },
    leaves: (text) => text.includes(`"added":${kPortion}`) });
  await pause(500);
  await pool.gate.idle();
  const added = (await pool.admin('/admin/stats')).json().total_api_keys - before;
  assert.equal(added % kPortion, 0);
  assert.ok(added >= kPortion);
  assert.equal((await pool.admin('/admin/api-keys/import', keys.join('\n'), asText)).json().added, keys.length - added);
});

test('more rows than an import may have are refused before any is stored', async () => {
  pool.gate.calls.length = 0;
  const answer = await pool.admin('/admin/api-keys/import', 'k\n'.repeat(200_001), asText);
  assert.deepEqual([answer.status, answer.json().param], [400, 'keys']);
  assert.equal(pool.gate.count('pool_keys_add'), 0);
});

secretsStayIn(pool);
