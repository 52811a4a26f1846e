// The examples of the API document (web/public/openapi.json), run as they stand, and the answers that they get held against what it says.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { kRoot } from '../../tools/setup.mjs';
import { faults, kDocument, kDocumentHost, kOperations, requestOfCurl, resolved } from './support/documented.mjs';
import { secretsStayIn, wholePool } from './support/pool.mjs';

const pool = wholePool();
mkdirSync(join(kRoot, 'build'), { recursive: true });
const kFolder = mkdtempSync(join(kRoot, 'build/examples-')); // inside the repository: the examples import packages
after(() => rmSync(kFolder, { recursive: true }));

const samples = kOperations.flatMap(({ method, path, operation }) => (operation['x-code-samples'] ?? []).map((sample) => ({ ...sample, method, path, operation })));
const here = (source) => source.replaceAll(kDocumentHost, pool.worker.url.replace(/\/$/, ''));
const variables = ({ provider = 'ollama' }) => ({ PATH: process.env.PATH, CLIENT_TOKEN: pool.tokens[provider], ADMIN_TOKEN: pool.adminToken });

function runNode(file, env) {
  return new Promise((done) => execFile(process.execPath, [file], { env, timeout: 60_000 }, (error, output, complaints) => done({ code: error ? error.code ?? 1 : 0, output, complaints })));
}

async function askByCurl(sample) {
  const { url, body, ...init } = requestOfCurl(here(sample.source), variables(sample));
  const ask = sample.path.endsWith('/export') ? fetch : pool.fetch; // the one route that answers keys is not kept among what must hold none
  const answer = await ask(url, { ...init, body: body === '@keys.txt' ? 'documented-key-1\ndocumented-key-2\n' : body });
  return { status: answer.status, type: (answer.headers.get('content-type') ?? '').split(';')[0], text: await answer.text() };
}

/** The documented answer of that status and type; fails when there is none. */
function documentedAnswer({ operation }, { status, type, text }) {
  const answer = resolved(operation.responses[status]);
  assert.ok(answer, `${operation.operationId} answers ${status}, which the document does not know: ${text.slice(0, 300)}`);
  const media = answer.content?.[type];
  assert.ok(media, `${operation.operationId} answers ${status} as ${type}, which the document does not know`);
  return media;
}

test('every JavaScript example runs with the client library that it names, and gets its answer', async () => {
  const rows = samples.filter(({ lang }) => lang === 'javascript');
  assert.ok(rows.length >= 9);
  for (const [i, sample] of rows.entries()) {
    const file = join(kFolder, `example_${i}.mjs`);
    writeFileSync(file, here(sample.source));
    const { code, output, complaints } = await runNode(file, variables(sample));
    assert.equal(code, 0, `${sample.operation.operationId}, ${sample.label}: ${complaints}`);
    assert.match(output, sample.operation.operationId === 'createEmbeddings' ? /^\[ \d+, \d+ \]/ : /practice answer/, sample.label);
  }
});

test('every curl example of a client is answered as the document says', async () => {
  const rows = samples.filter(({ lang, provider }) => lang === 'bash' && provider);
  assert.ok(rows.length >= 9);
  for (const sample of rows) {
    const answer = await askByCurl(sample);
    assert.equal(answer.status, 200, `${sample.operation.operationId}, ${sample.label}: ${answer.text}`);
    documentedAnswer(sample, answer);
  }
});

test('the examples of one route agree: each language asks the same provider for the same model', () => {
  for (const { operation } of kOperations.filter((row) => row.operation['x-code-samples']?.some(({ lang }) => lang === 'python'))) {
    for (const provider of new Set(operation['x-code-samples'].map((sample) => sample.provider))) {
      const rows = operation['x-code-samples'].filter((sample) => sample.provider === provider);
      assert.deepEqual(rows.map(({ lang }) => lang), ['bash', 'python', 'javascript'], operation.operationId);
      const models = rows.map(({ source }) => /["']?model["']?\s*[:=]\s*["']([^"']+)["']/.exec(source)[1]);
      assert.equal(new Set(models).size, 1, `${operation.operationId}: ${models}`);
      for (const { source } of rows) assert.equal(source.includes('/openrouter'), provider === 'openrouter', operation.operationId);
    }
  }
});

test('every administration and public example is answered as the document says, member for member', async () => {
  const told = [];
  for (const sample of samples.filter(({ provider }) => !provider)) {
    const answer = await askByCurl(sample);
    const { schema } = documentedAnswer(sample, answer);
    if (answer.type === 'application/json') told.push(...faults(schema, JSON.parse(answer.text), `${sample.method} ${sample.path} ${answer.status} `));
  }
  assert.deepEqual(told, []);
});

test('with keys, tokens and figures in it, too, what is listed is what the document says', async () => {
  assert.equal((await pool.chat()).status, 200);
  await pool.counted(1);
  const made = (await pool.admin('/admin/tokens', { name: 'documented', limits: { requests_per_minute: 60, daily_cost_usd: '1.50', models: ['gpt-*'] } })).json();
  const [key] = await pool.allKeys();
  await pool.admin('/admin/keys/disable', { ids: [key.id], duration: 600, reason: 'documented' });
  const found = (operationId) => kOperations.find((row) => row.operation.operationId === operationId);
  const told = [];
  for (const [operationId, path, body] of [['listKeys', '/admin/api-keys'], ['keyDetail', `/admin/keys/${key.id}`], ['listTokens', '/admin/tokens'], ['adminStats', '/admin/stats'], ['trends', '/admin/trends'],
    ['settings', '/admin/settings'], ['publicStats', '/admin/public-stats'], ['health', '/health'], ['explain', '/admin/explain', { model: 'm' }], ['verifyKey', '/admin/verify-key', { api_key: pool.keys.ollama[1] }]]) {
    const answer = await pool.admin(path, body);
    assert.equal(answer.status, 200, `${path}: ${answer.text}`);
    const { schema } = found(operationId).operation.responses['200'].content['application/json'];
    told.push(...faults(schema, answer.json(), `${path} `));
  }
  assert.deepEqual(told, []);
  assert.ok(made.token);
});

test('errors are what the document says, in each dialect', async () => {
  for (const [path, name] of [['/v1/chat/completions', 'OpenAiUnauthorized'], ['/v1/messages', 'AnthropicUnauthorized'], ['/api/chat', 'OllamaUnauthorized'], ['/admin/stats', 'AdminUnauthorized']]) {
    const answer = await pool.ask(path, path.startsWith('/admin') ? undefined : { model: 'm' }, { token: 'wrong' });
    assert.equal(answer.status, 401);
    const { schema, example } = kDocument.components.responses[name].content['application/json'];
    assert.deepEqual(faults(schema, answer.json()), [], answer.text);
    assert.deepEqual(faults(schema, example), [], name);
  }
});

test('every example in the document is what its own schema says', () => {
  const told = [];
  const look = (value, at) => {
    if (value?.schema && value.example !== undefined && at.endsWith('application/json')) told.push(...faults(value.schema, value.example, at));
    if (value && typeof value === 'object') for (const [name, member] of Object.entries(value)) look(member, `${at} ${name}`);
  };
  look(kDocument.paths, '');
  look(kDocument.components.responses, '');
  assert.deepEqual(told, []);
});

secretsStayIn(pool);
