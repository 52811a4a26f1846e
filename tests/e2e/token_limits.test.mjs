// Client tokens with limits through the whole product: made, used up, changed, rotated.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually, secretsStayIn, wholePool } from './support/pool.mjs';

const pool = wholePool({ keys: 2 });
const make = async (limits, name = 'limited') => {
  const made = (await pool.admin('/admin/tokens', { name, limits })).json();
  return made;
};
const path = (hash) => `/admin/tokens/${hash}`;
const patch = (hash, body) => pool.admin(path(hash), body, { method: 'PATCH' });

test('the last request of a rate and of a budget is served, one more is refused and told when to come back', async () => {
  const rate = await make({ requests_per_minute: 2 });
  assert.equal((await pool.chat({}, { token: rate.token })).headers.get('x-ratelimit-remaining-requests'), '1');
  assert.equal((await pool.chat({}, { token: rate.token })).status, 200);
  const tooFast = await pool.chat({}, { token: rate.token });
  assert.deepEqual([tooFast.status, tooFast.json().error.code], [429, 'rate_limited']);
  assert.ok(Number(tooFast.headers.get('retry-after')) > 0 && Number(tooFast.headers.get('retry-after')) <= 65);
  const budget = await make({ daily_requests: 1 });
  assert.equal((await pool.chat({}, { token: budget.token })).status, 200);
  const spent = await pool.chat({}, { token: budget.token });
  assert.deepEqual([spent.status, spent.json().error.code], [402, 'budget_spent']);
  assert.ok(Number(spent.headers.get('retry-after')) <= 86_400);
});

test('what a token has used of its budget is in the list, and another isolate knows it', async () => {
  const made = await make({ daily_requests: 2, daily_cost_usd: '0.5' }, 'seen in the list');
  assert.equal((await pool.chat({}, { token: made.token })).status, 200);
  const row = await eventually(async () => {
    const [found] = (await pool.admin('/admin/tokens?search=seen')).json().tokens;
    return found.used.day_requests === 1 ? found : undefined;
  }, 'the request in the figures');
  assert.deepEqual(row.limits, { daily_requests: 2, daily_cost_usd: '0.5' });
  assert.ok(row.used.month_tokens > 0);
  await pool.restart();
  assert.equal((await pool.chat({}, { token: made.token })).status, 200);
  assert.equal((await pool.chat({}, { token: made.token })).status, 402);
});

test('a rotated token works with both secrets and counts as one; its limits can be changed', async () => {
  const made = await make({ daily_requests: 3 }, 'rotated');
  const rotated = (await pool.admin(`${path(made.hash)}/rotate`, { grace: 600 })).json();
  assert.equal(rotated.hash, made.hash);
  assert.equal((await pool.chat({}, { token: made.token })).status, 200);
  assert.equal((await pool.chat({}, { token: rotated.token })).status, 200);
  const [row] = await eventually(async () => {
    const { tokens } = (await pool.admin('/admin/tokens?search=rotated')).json();
    return tokens[0].request_count === 2 ? tokens : undefined;
  }, 'both requests on one token');
  assert.ok(Date.parse(row.grace_until) > Date.now());
  const last = (await pool.admin(`${path(made.hash)}/rotate`, { grace: 0 })).json();
  assert.equal((await pool.chat({}, { token: made.token })).status, 401);
  assert.equal((await pool.chat({}, { token: rotated.token })).status, 401);
  assert.equal((await patch(made.hash, { limits: { models: ['qwen*'] } })).status, 200);
  const refused = await pool.chat({}, { token: last.token });
  assert.deepEqual([refused.status, refused.json().error.type], [403, 'permission_error']);
  assert.equal((await patch(made.hash, { disabled: true, limits: {} })).status, 200);
  assert.equal((await pool.chat({}, { token: last.token })).json().error.code, 'disabled_token');
});

test('a limit that makes no sense is refused by its name', async () => {
  const answer = await pool.admin('/admin/tokens', { name: 'odd', limits: { daily_tokens: -1 } });
  assert.deepEqual([answer.status, answer.json().param], [400, 'limits.daily_tokens']);
  assert.equal((await patch('0'.repeat(64), { disabled: true })).status, 404);
});

secretsStayIn(pool);
