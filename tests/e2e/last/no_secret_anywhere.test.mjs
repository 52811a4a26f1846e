// After all files of a run: no full key, token or other secret that any of them made is in anything that any of them produced.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTraces, searchTraces } from '../support/traces.mjs';

test('the search finds a secret wherever it is, and lets pass what is handed out on purpose', () => {
  const secret = 'client-0123456789abcdef', made = 'ep-fedcba9876543210';
  const tidy = { secrets: [secret], printed: ['a log'], answers: [{ path: '/admin/api-keys/export', headers: '[]', text: secret }, { path: '/admin/tokens', headers: '[]', text: `{"token":"${made}"}` }] };
  assert.deepEqual(searchTraces([tidy]).leaks, []);
  const places = (more) => searchTraces([tidy, { secrets: [], printed: [], answers: [], ...more }]).leaks.map(({ where }) => where);
  assert.deepEqual(places({ printed: [`x${secret}y`] }), ['printed']);
  assert.deepEqual(places({ printed: [made] }), ['printed']);
  assert.deepEqual(places({ answers: [{ path: '/v1/models', headers: '[]', text: `{"token":"${secret}"}` }] }), ['/v1/models']);
  assert.deepEqual(places({ answers: [{ path: '/admin/api-keys/export', headers: `[["x","${secret}"]]`, text: '' }] }), ['/admin/api-keys/export (headers)']);
  assert.deepEqual(places({ answers: [{ path: '/admin/tokens', headers: '[]', text: `{"hint":"${secret}"}` }] }), ['/admin/tokens']);
});

test('no secret of any file is in any answer, log or page of the run', (t) => {
  const traces = readTraces();
  assert.ok(traces.length > 0, 'nothing was left to be searched');
  const { leaks, ...searched } = searchTraces(traces);
  t.diagnostic(`${traces.length} pools: ${searched.secrets} secrets, ${searched.texts} texts, ${(searched.bytes / 2 ** 20).toFixed(1)} MiB`);
  assert.ok(searched.secrets >= traces.length && searched.texts > traces.length);
  assert.deepEqual(leaks, []);
});
