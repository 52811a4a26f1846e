// The pages' plain rules, without a browser: what a pasted text is, what a form's limits mean, how a streamed piece reads, what needs attention.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joinParts, readPart } from '../../web/src/api/key_export.ts';
import { eventsOf, linesOf } from '../../web/src/api/lines.ts';
import { importBody, keySource } from '../../web/src/pages/dashboard/import/key_source.ts';
import { findings } from '../../web/src/pages/dashboard/overview/attention.ts';
import { bodyOf, curlOf, dialectsOf, pathOf, readPiece } from '../../web/src/pages/dashboard/playground/dialects.ts';
import { budgetsOf, limitsOf, textsOf } from '../../web/src/pages/dashboard/tokens/limit_rows.ts';

const kStats = { total_api_keys: 10, active_keys: 10, failed_keys: 0, disabled_keys: 0, expired_keys: 0, total_client_tokens: 1 };
const kHealth = { storage: { reachable: true }, providers: { ollama: { enabled: true, configured: true, tables: 'ok', usableKeys: 10 } } };
const known = (parts) => findings({ provider: 'ollama', health: kHealth, stats: kStats, settings: null, tokens: [], latest: null, now_ms: 0, ...parts }).map(({ what }) => what);

test('a pasted text is lines, CSV by its header, or JSON by its first character', () => {
  assert.deepEqual(keySource('a\n\n# note\nb\r\n'), { type: 'text/plain', count: 2 });
  assert.deepEqual(keySource('\uFEFFkey,username\na,b\n'), { type: 'text/csv', count: 1 });
  assert.deepEqual(keySource('"Key"\nabc'), { type: 'text/csv', count: 1 });
  assert.deepEqual(keySource('keyed-secret\nkey2'), { type: 'text/plain', count: 2 });
  assert.deepEqual(keySource(' ["a","b"]'), { type: 'application/json', count: 2 });
  assert.deepEqual(keySource('{"keys":["a"]}'), { type: 'application/json', count: 1 });
  assert.deepEqual(keySource('{"keys":'), { type: 'application/json', count: 0 });
  assert.equal(keySource('').count, 0);
});

test('a bare JSON array is sent as the object that the API takes, everything else as it is', () => {
  assert.deepEqual(JSON.parse(importBody('\n["a"]', 'application/json')), { keys: ['a'] });
  assert.equal(importBody('{"keys":["a"]}', 'application/json'), '{"keys":["a"]}');
  assert.equal(importBody('[not json', 'text/plain'), '[not json');
});

test('a form\'s limits are whole numbers, exact money and lists; what is none of them is named', () => {
  const { limits, wrong } = limitsOf({ requests_per_minute: ' 60 ', daily_cost_usd: '0.000000001', models: 'gpt-oss*\n qwen3:8b, x', daily_tokens: '' });
  assert.deepEqual([limits, wrong], [{ requests_per_minute: 60, daily_cost_usd: '0.000000001', models: ['gpt-oss*', 'qwen3:8b', 'x'] }, []]);
  assert.deepEqual(limitsOf({ daily_tokens: '1.5', daily_requests: '-1', monthly_requests: '1e9', monthly_cost_usd: '0.0000000001', daily_cost_usd: '1,5' }).wrong, ['daily_requests', 'daily_tokens', 'monthly_requests', 'daily_cost_usd', 'monthly_cost_usd']);
  assert.deepEqual(limitsOf(textsOf(limits)).limits, limits);
});

test('budgets are listed fullest first, money in nano-dollars, and zero is full', () => {
  const rows = budgetsOf({ daily_requests: 100, monthly_cost_usd: '2.5', daily_tokens: 0 }, { day_requests: '20', month_cost_nano: '2000000000' });
  assert.deepEqual(rows.map(({ name, share }) => [name, share]), [['daily_tokens', 1], ['monthly_cost_usd', 0.8], ['daily_requests', 0.2]]);
  assert.deepEqual(budgetsOf(null, null), []);
});

test('the playground asks each dialect at its path, and Ollama\'s own only of Ollama', () => {
  const ask = { provider: 'openrouter', dialect: 'openai', model: 'm', system: 's', prompt: "it's", maxTokens: 5, isStreamed: true };
  assert.equal(pathOf(ask), '/openrouter/v1/chat/completions');
  assert.equal(pathOf({ provider: 'ollama', dialect: 'ollama' }), '/api/chat');
  assert.deepEqual(dialectsOf('openrouter'), ['openai', 'anthropic']);
  assert.deepEqual(bodyOf({ ...ask, dialect: 'anthropic' }), { model: 'm', max_tokens: 5, stream: true, system: 's', messages: [{ role: 'user', content: "it's" }] });
  assert.match(curlOf('https://h', ask), /"content":"it'\\''s"/);
});

test('a streamed piece of each dialect says its text, its usage or its error', () => {
  assert.deepEqual(readPiece('openai', '{"choices":[{"delta":{"content":"a"}}]}'), { text: 'a' });
  assert.deepEqual(readPiece('openai', '{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4}}'), { usage: '3 → 4' });
  assert.deepEqual(readPiece('openai', '{"choices":[{"message":{"content":"whole","reasoning":"r"}}]}'), { text: 'whole', thinking: 'r' });
  assert.deepEqual(readPiece('openai', '[DONE]'), {});
  assert.deepEqual(readPiece('anthropic', '{"type":"content_block_delta","delta":{"type":"text_delta","text":"b"}}'), { text: 'b' });
  assert.deepEqual(readPiece('anthropic', '{"content":[{"type":"text","text":"c"}],"usage":{"input_tokens":1,"output_tokens":2}}'), { text: 'c', usage: '1 → 2' });
  assert.deepEqual(readPiece('ollama', '{"message":{"content":"d"},"done":false}'), { text: 'd' });
  assert.deepEqual(readPiece('ollama', '{"error":"e"}'), { error: 'e' });
  assert.deepEqual(readPiece('openai', '{"error":{"message":"f"}}'), { error: 'f' });
});

test('lines and events are found whatever the pieces they arrive in', async () => {
  const answer = (...parts) => new Response(new ReadableStream({ start(controller) {
    for (const part of parts) controller.enqueue(new TextEncoder().encode(part));
    controller.close();
  } }));
  const all = async (items) => { const list = []; for await (const item of items) list.push(item); return list; };
  assert.deepEqual(await all(linesOf(answer('a\r', '\nb\n', 'c'))), ['a', 'b', 'c']);
  assert.deepEqual(await all(eventsOf(answer('data: 1\n', '\nevent: x\nda', 'ta:2\ndata: 3\n\n: note\n\n'))), [{ event: '', data: '1' }, { event: 'x', data: '2\n3' }]);
});

test('attention goes to what stops the pool first, and to nothing when all is well', () => {
  assert.deepEqual(known({}), []);
  assert.deepEqual(known({ stats: { ...kStats, total_api_keys: 0, active_keys: 0, total_client_tokens: 0 } }), ['no_keys', 'no_tokens']);
  assert.deepEqual(known({ stats: { ...kStats, active_keys: 0, failed_keys: 10 } }), ['none_usable']);
  assert.deepEqual(known({ stats: { ...kStats, active_keys: 1, failed_keys: 9 } }), ['few_usable']);
  assert.deepEqual(known({ stats: { ...kStats, active_keys: 2, failed_keys: 8 } }), ['resting']);
  assert.deepEqual(known({ latest: { requests: 100, failure: 6 } }), ['failing']);
  assert.deepEqual(known({ latest: { requests: 100, failure: 5 } }), []);
  assert.deepEqual(known({ latest: { requests: 19, failure: 19 } }), []);
  const broken = { storage: { reachable: false }, mend: 'do this', providers: { ollama: { enabled: true, tables: 'outdated', incident: { reason: 'overloaded', model: '', since: '2026-01-01T00:00:00Z' } } } };
  assert.deepEqual(known({ health: broken }), ['storage_unreachable', 'schema_outdated', 'incident']);
});

test('a token near a budget wants attention, from four fifths of a day or a month on, and only while it is in use', () => {
  const token = (used, parts) => ({ name: 'n', limits: { daily_requests: 100, monthly_cost_usd: '2' }, used: { day_requests: used, month_cost_nano: 0 }, disabled: false, expires_at: null, ...parts });
  assert.deepEqual(known({ tokens: [token(80)] }), ['near_budget']);
  assert.deepEqual(known({ tokens: [token(79)] }), []);
  assert.deepEqual(known({ tokens: [token(0, { used: { day_requests: 0, month_cost_nano: 1.6e9 } })] }), ['near_budget']);
  assert.deepEqual(known({ tokens: [token(100, { disabled: true }), token(100, { expires_at: '1969-01-01T00:00:00Z' }), token(100, { limits: null })] }), []);
});

test('an export in parts becomes one file, and one that was cut is no file', async () => {
  const next = '0123456789abcdef';
  const join = async (format, ...texts) => (await joinParts(format, 'ollama', texts.map((text) => readPart(format, text).rows)).text());
  const csv = (rows, more = '') => `key,username,expires_at,status,created_at,id\n${rows}${more}`;
  assert.equal(readPart('csv', csv('"a"\n', `# more: ?after=${next}\n`)).next, next);
  assert.equal(await join('csv', csv('"a"\n', `# more: ?after=${next}\n`), csv('"b"\n')), csv('"a"\n"b"\n'));
  const json = (rows, end) => `{"provider":"ollama","keys":[${rows}\n],"count":1,"next":${end}}\n`;
  assert.deepEqual([readPart('json', json('\n{"key":"a"}', `"${next}"`)).next, readPart('json', json('', 'null')).next], [next, null]);
  const whole = JSON.parse(await join('json', json('\n{"key":"a"}', `"${next}"`), json('\n{"key":"b"},\n{"key":"c"}', `"${next}"`), json('', 'null')));
  assert.deepEqual(whole, { provider: 'ollama', keys: [{ key: 'a' }, { key: 'b' }, { key: 'c' }] });
  for (const [format, cut] of [['json', '{"provider":"ollama","keys":[\n{"key":"a"}'], ['json', ''], ['csv', '']]) assert.throws(() => readPart(format, cut), /too early/);
});
