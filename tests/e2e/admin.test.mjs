// Administration, first part: keys and client tokens are made, listed and removed, and what is changed holds at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, secretsStayIn, wholePool } from './support/pool.mjs';

const pool = wholePool({ keys: 1 });
const remove = (path, body) => pool.admin(path, body, { method: 'DELETE' });
const text = (type) => ({ method: 'POST', headers: { 'content-type': type } });
const secretKey = (name) => {
  pool.secrets.push(name);
  return name;
};

test('every admin route wants the admin token and nothing else', async () => {
  for (const [path, method] of [['/admin/stats', 'GET'], ['/admin/api-keys', 'GET'], ['/admin/api-keys', 'POST'], ['/admin/api-keys/import', 'POST'], ['/admin/api-keys/x', 'DELETE'], ['/admin/tokens', 'GET'],
    ['/admin/tokens', 'POST'], ['/admin/client-tokens', 'GET']]) {
    for (const token of [null, 'wrong', pool.tokens.ollama, `${pool.adminToken} `.repeat(2)]) {
      const answer = await pool.ask(path, undefined, { method, token });
      assert.equal(answer.status, 401, `${method} ${path}`);
      assert.equal(answer.json().code, 'invalid_admin_token');
    }
  }
});

test('a key is added once, a second time it is already there', async () => {
  const key = secretKey('practice-added-0123456789');
  const first = (await pool.admin('/admin/api-keys', { api_key: key, username: 'someone' })).json();
  assert.deepEqual([first.success, first.id], [true, idOf(key)]);
  const second = (await pool.admin('/admin/api-keys', { apiKey: key })).json();
  assert.deepEqual([second.success, second.message, second.id], [false, 'Already exists', idOf(key)]);
});

test('keys are listed masked, in pages, filtered and searched in the database', async () => {
  const list = (await pool.admin('/admin/api-keys?page=1&pageSize=1')).json();
  assert.deepEqual([list.api_keys.length, list.total, list.page, list.pageSize, list.totalPages], [1, 2, 1, 1, 2]);
  const [found] = (await pool.admin('/admin/api-keys?search=SOME&status=active')).json().api_keys;
  assert.equal(found.username, 'someone');
  assert.match(found.api_key, /^practi\.\.\.6789$/);
  assert.deepEqual((await pool.admin('/admin/api-keys?status=failed')).json().api_keys, []);
  for (const query of ['page=0', 'pageSize=1001', 'page=x']) assert.equal((await pool.admin(`/admin/api-keys?${query}`)).status, 400);
});

test('an added key serves at once, a removed one never again', async () => {
  for (const key of pool.keys.ollama) assert.equal((await remove('/admin/api-keys', { apiKey: key })).json().removed, 1);
  assert.equal((await pool.chat()).status, 200);
  assert.equal(pool.upstream.requests.list().at(-1).key, 'practice-added-0123456789');
  assert.deepEqual((await remove(`/admin/api-keys/${idOf('practice-added-0123456789')}`)).json(), { success: true, removed: 1, message: 'Removed' });
  assert.equal((await pool.chat()).status, 503);
  assert.equal((await remove('/admin/api-keys/0123456789abcdef')).json().success, false);
  await pool.admin('/admin/api-keys', { api_key: secretKey('practice-next-0123456789') });
  assert.equal((await pool.chat()).status, 200);
});

test('keys are imported from JSON, text and CSV; duplicates and bad lines are told', async () => {
  const json = (await pool.admin('/admin/api-keys/import', { keys: ['practice-json-1', 'practice-json-2', 'practice-json-1', 'practice-next-0123456789', ''] })).json();
  assert.deepEqual([json.total, json.added, json.existing, json.duplicates, json.invalid.length], [5, 2, 1, 1, 1]);
  const lines = (await pool.admin('/admin/api-keys/import', 'practice-text-1\r\n\n  practice-text-2  \npractice-text-1\nwith a space\n', text('text/plain'))).json();
  assert.deepEqual([lines.added, lines.duplicates, lines.invalid.map(({ line }) => line)], [2, 1, [5]]);
  const csv = (await pool.admin('/admin/api-keys/import?provider=openrouter', 'key,username,expires_at\npractice-csv-1,"Doe, Jane",2036-01-01T00:00:00Z\npractice-csv-2,,\npractice-csv-3,x,never\n', text('text/csv'))).json();
  assert.deepEqual([csv.added, csv.invalid.length], [2, 1]);
  const [jane] = (await pool.admin('/admin/api-keys?provider=openrouter&search=Jane')).json().api_keys;
  assert.deepEqual([jane.username, jane.expires_at.slice(0, 10)], ['Doe, Jane', '2036-01-01']);
  const other = (await pool.admin('/admin/api-keys/import', { provider: 'openrouter', keys: ['practice-body-wins'] })).json();
  assert.equal(other.added, 1);
  assert.equal((await pool.admin('/admin/api-keys?provider=openrouter&search=practice-body')).json().total, 1);
});

test('twenty thousand keys are imported in one call, and the pool works on', async () => {
  const keys = Array.from({ length: 20_000 }, (_, i) => `practice-bulk-${String(i).padStart(6, '0')}`);
  const told = (await pool.admin('/admin/api-keys/import', keys.join('\n'), text('text/plain'))).json();
  assert.deepEqual([told.total, told.added, told.existing, told.duplicates, told.invalidCount], [20_000, 20_000, 0, 0, 0]);
  assert.equal((await pool.admin('/admin/stats')).json().total_api_keys, 20_005);
  assert.equal((await pool.chat()).status, 200);
  const again = (await pool.admin('/admin/api-keys/import', { keys })).json();
  assert.deepEqual([again.added, again.existing], [0, 20_000]);
});

test('an import that is no import is a 400 that says why', async () => {
  for (const body of ['{"keys":', '{"keys":7}', '{}', '[]']) assert.equal((await pool.admin('/admin/api-keys/import', body, { method: 'POST' })).status, 400, body);
  assert.equal((await pool.admin('/admin/api-keys/import', { provider: 'nobody', keys: ['k'] })).status, 400);
  assert.equal((await pool.admin('/admin/api-keys', { api_key: '' })).status, 400);
  assert.equal((await pool.admin('/admin/api-keys', { api_key: 'k', ttl: -1 })).status, 400);
});

test('a client token is shown once, works at once, and not after it was removed', async () => {
  const made = (await pool.admin('/admin/tokens', { name: 'a client' })).json();
  pool.answers.pop();
  pool.secrets.push(made.token);
  assert.equal(made.expiresAt, null);
  assert.equal((await pool.chat({}, { token: made.token })).status, 200);
  const listed = (await pool.admin('/admin/tokens?search=client')).json().tokens.find(({ name }) => name === 'a client');
  assert.ok(listed.token.endsWith(made.token.slice(-4)) && listed.token.length < 20);
  assert.equal((await remove('/admin/tokens', { token: made.token })).json().removed, 1);
  assert.equal((await pool.chat({}, { token: made.token })).status, 401);
});

test('a token that was refused a moment ago is good as soon as it is made; the older paths work too', async () => {
  assert.equal((await pool.chat({}, { token: 'not yet' })).status, 401);
  const made = (await pool.admin('/admin/client-tokens', { name: 'older', ttl: 3600, provider: 'openrouter' })).json();
  pool.answers.pop();
  pool.secrets.push(made.token);
  assert.ok(Math.abs(Date.parse(made.expiresAt) - Date.now() - 3_600_000) < 60_000);
  assert.equal((await pool.chat({}, { provider: 'openrouter', token: made.token })).status, 200);
  assert.equal((await pool.chat({}, { token: made.token })).status, 401);
  assert.equal((await remove(`/admin/client-tokens/${made.id}?provider=openrouter`)).json().removed, 1);
  assert.equal((await pool.chat({}, { provider: 'openrouter', token: made.token })).status, 401);
});

test('a token that is not well asked for is not made', async () => {
  for (const body of [{}, { name: '' }, { name: 7 }, { name: 'x', ttl: 'soon' }, { name: 'x', expiresIn: -5 }, { name: 'x'.repeat(300) }]) {
    assert.equal((await pool.admin('/admin/tokens', body)).status, 400, JSON.stringify(body));
  }
});

test('admin answers go to the same origin only, unless others are named', async () => {
  const origin = 'https://panel.example';
  assert.equal((await pool.admin('/admin/stats', undefined, { headers: { origin } })).headers.get('access-control-allow-origin'), null);
  await pool.restart({ ADMIN_CORS_ORIGINS: `https://other.example, ${origin}` });
  assert.equal((await pool.admin('/admin/stats', undefined, { headers: { origin } })).headers.get('access-control-allow-origin'), origin);
});

secretsStayIn(pool);
