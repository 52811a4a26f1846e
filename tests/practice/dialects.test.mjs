// The practice upstream answers every route in the dialect of its provider, with the same words and figures streamed and not.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask, kChat, ndjson, practiceUpstream, sseData, sseJson } from './practice.mjs';

const practice = practiceUpstream();
const kAnswer = 'This is a practice answer, not a model. You said: hello there';
const kTools = [{ type: 'function', function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer' } }, required: ['city', 'days'] } } }];
const asJson = (path, body, options) => ask(practice.upstream, path, body, options).then((answer) => answer.json());
const asText = (path, body, options) => ask(practice.upstream, path, body, options).then((answer) => answer.text());

describe('OpenAI chat', () => {
  test('a plain answer carries the words and the usage that the request determines', async () => {
    const answer = await asJson('/v1/chat/completions', kChat);
    assert.equal(answer.choices[0].message.content, kAnswer);
    assert.deepEqual(answer.usage, { prompt_tokens: 2, completion_tokens: 12, total_tokens: 14 });
  });

  test('a stream says the same words and ends with [DONE]', async () => {
    const text = await asText('/v1/chat/completions', { ...kChat, stream: true });
    assert.equal(sseJson(text).map((chunk) => chunk.choices[0].delta.content).join(''), kAnswer);
    assert.equal(sseData(text).at(-1), '[DONE]');
  });

  test("Ollama's stream carries usage only when asked", async () => {
    const without = sseJson(await asText('/v1/chat/completions', { ...kChat, stream: true }));
    const withUsage = sseJson(await asText('/v1/chat/completions', { ...kChat, stream: true, stream_options: { include_usage: true } }));
    assert.ok(without.every((chunk) => chunk.usage === undefined));
    assert.deepEqual(withUsage.at(-1).choices, []);
    assert.equal(withUsage.at(-1).usage.completion_tokens, 12);
  });

  test("OpenRouter's stream begins with a comment and always ends with usage and cost", async () => {
    const text = await asText('/api/v1/chat/completions', { ...kChat, stream: true });
    assert.ok(text.startsWith(': OPENROUTER PROCESSING\n\n'));
    const { usage } = sseJson(text).at(-1);
    assert.equal(usage.cost, (2 * 250 + 12 * 1500) / 1e9);
    assert.equal(usage.prompt_tokens_details.cached_tokens, 1);
  });

  test("OpenRouter's usage chunk repeats the last choice, or has none when set so", async () => {
    const body = { ...kChat, stream: true };
    assert.equal(sseJson(await asText('/api/v1/chat/completions', body)).at(-1).choices[0].finish_reason, 'stop');
    practice.upstream.settings.usage_choices = 'empty';
    assert.deepEqual(sseJson(await asText('/api/v1/chat/completions', body)).at(-1).choices, []);
    practice.upstream.settings.usage_choices = 'repeat';
  });

  test('a free model costs nothing', async () => {
    const answer = await asJson('/api/v1/chat/completions', { ...kChat, model: 'openai/gpt-oss-20b:free' });
    assert.equal(answer.usage.cost, 0);
  });

  test('tools are called until their result is there', async () => {
    const call = await asJson('/v1/chat/completions', { ...kChat, tools: kTools });
    assert.equal(call.choices[0].finish_reason, 'tool_calls');
    assert.deepEqual(JSON.parse(call.choices[0].message.tool_calls[0].function.arguments), { city: 'practice', days: 1 });
    const done = await asJson('/v1/chat/completions', { ...kChat, tools: kTools, messages: [...kChat.messages, { role: 'tool', tool_call_id: 'call_practice_1', content: 'rain' }] });
    assert.equal(done.choices[0].finish_reason, 'stop');
  });

  test('a streamed tool call is put together from its pieces', async () => {
    const chunks = sseJson(await asText('/v1/chat/completions', { ...kChat, stream: true, tools: kTools }));
    const pieces = chunks.flatMap((chunk) => chunk.choices[0].delta.tool_calls ?? []);
    assert.equal(pieces[0].function.name, 'weather');
    assert.deepEqual(JSON.parse(pieces.map((piece) => piece.function.arguments).join('')), { city: 'practice', days: 1 });
  });

  test('max_tokens cuts the answer and says so', async () => {
    const answer = await asJson('/v1/chat/completions', { ...kChat, max_tokens: 3 });
    assert.equal(answer.choices[0].message.content, 'This is a');
    assert.equal(answer.choices[0].finish_reason, 'length');
  });

  test('thinking is reported apart and counted as reasoning', async () => {
    const answer = await asJson('/api/v1/chat/completions', { ...kChat, reasoning: { effort: 'low' } });
    assert.equal(answer.choices[0].message.reasoning, 'Let me think.');
    assert.equal(answer.usage.completion_tokens_details.reasoning_tokens, 3);
  });

  test('a model named -words-N answers with N words', async () => {
    const answer = await asJson('/v1/chat/completions', { ...kChat, model: 'gpt-oss:20b-words-200' });
    assert.equal(answer.usage.completion_tokens, 200);
  });
});

describe('the other OpenAI routes', () => {
  test('completions speak in text', async () => {
    const answer = await asJson('/v1/completions', { model: 'm', prompt: 'hello there' });
    assert.equal(answer.choices[0].text, kAnswer);
    const chunks = sseJson(await asText('/api/v1/completions', { model: 'm', prompt: 'hello there', stream: true }));
    assert.equal(chunks.map((chunk) => chunk.choices[0].text).join(''), kAnswer);
  });

  test('embeddings are the same as numbers and as base64', async () => {
    const numbers = await asJson('/v1/embeddings', { model: 'practice-embed', input: ['one', 'two words'] });
    const packed = await asJson('/v1/embeddings', { model: 'practice-embed', input: ['one', 'two words'], encoding_format: 'base64' });
    const floats = new Float32Array(new Uint8Array(Buffer.from(packed.data[1].embedding, 'base64')).buffer);
    assert.deepEqual([...floats], numbers.data[1].embedding.map(Math.fround));
    assert.equal(numbers.usage.prompt_tokens, 3);
  });

  test('responses carry usage plain and streamed', async () => {
    const body = { model: 'm', input: 'hello there' };
    const plain = await asJson('/v1/responses', body);
    const events = sseJson(await asText('/v1/responses', { ...body, stream: true }));
    assert.equal(plain.output[0].content[0].text, kAnswer);
    assert.equal(events.at(-1).type, 'response.completed');
    assert.deepEqual(events.at(-1).response.usage, plain.usage);
    assert.deepEqual(events.map((event) => event.sequence_number), events.map((_, i) => i));
  });

  test('models are listed without a key, and found one by one', async () => {
    const list = await asJson('/v1/models', null, { method: 'GET', key: null });
    assert.equal(list.object, 'list');
    const one = await asJson(`/v1/models/${list.data[0].id}`, null, { method: 'GET' });
    assert.equal(one.id, list.data[0].id);
    assert.equal((await ask(practice.upstream, '/api/v1/models/none', null, { method: 'GET' })).status, 404);
  });
});

describe('Anthropic messages', () => {
  test('a plain answer has its text in a block', async () => {
    const answer = await asJson('/v1/messages', { ...kChat, max_tokens: 100 });
    assert.deepEqual(answer.content, [{ type: 'text', text: kAnswer }]);
    assert.equal(answer.usage.output_tokens, 12);
  });

  test('a stream is framed by message_start and message_stop, with usage in message_delta', async () => {
    const events = sseJson(await asText('/api/v1/messages', { ...kChat, max_tokens: 100, stream: true }));
    assert.equal(events[0].type, 'message_start');
    assert.equal(events.at(-1).type, 'message_stop');
    const { usage } = events.find((event) => event.type === 'message_delta');
    assert.deepEqual([usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens], [1, 1, 12]);
  });

  test('a tool is used in a block of its own', async () => {
    const tools = [{ name: 'weather', input_schema: kTools[0].function.parameters }];
    const answer = await asJson('/v1/messages', { ...kChat, max_tokens: 100, tools });
    assert.equal(answer.stop_reason, 'tool_use');
    assert.deepEqual(answer.content[0].input, { city: 'practice', days: 1 });
  });
});

describe('Ollama native', () => {
  test('chat streams by default and ends with a done line that has the counts', async () => {
    const lines = ndjson(await asText('/api/chat', kChat));
    assert.equal(lines.map((line) => line.message.content).join(''), kAnswer);
    assert.deepEqual([lines.at(-1).done, lines.at(-1).prompt_eval_count, lines.at(-1).eval_count], [true, 2, 12]);
  });

  test('stream:false gives one object with the same counts', async () => {
    const answer = await asJson('/api/generate', { model: 'm', prompt: 'hello there', stream: false });
    assert.equal(answer.response, kAnswer);
    assert.equal(answer.eval_count, 12);
  });

  test('embed, embeddings, show, tags and version answer in their shapes', async () => {
    assert.equal((await asJson('/api/embed', { model: 'm', input: ['a', 'b'] })).embeddings.length, 2);
    assert.equal((await asJson('/api/embeddings', { model: 'm', prompt: 'a' })).embedding.length, 8);
    assert.ok((await asJson('/api/show', { model: 'm' })).capabilities.includes('tools'));
    assert.ok((await asJson('/api/tags', null, { method: 'GET', key: null })).models.length > 0);
    assert.ok((await asJson('/api/version', null, { method: 'GET', key: null })).version);
  });
});

describe('what is refused', () => {
  test('a key that is not a practice key gets the provider\'s own 401', async () => {
    const ollama = await ask(practice.upstream, '/api/chat', kChat, { key: 'sk-real' });
    assert.equal(ollama.status, 401);
    assert.deepEqual(await ollama.json(), { error: 'unauthorized' });
    const openrouter = await ask(practice.upstream, '/api/v1/chat/completions', kChat, { key: null });
    assert.equal((await openrouter.json()).error.code, 401);
  });

  test('bad JSON, a missing model and a missing prompt are 400', async () => {
    for (const body of ['{', { messages: [] }, { model: 5, messages: [] }, { model: 'm' }]) {
      assert.equal((await ask(practice.upstream, '/v1/chat/completions', body)).status, 400, JSON.stringify(body));
    }
  });

  test('an unknown route is 404', async () => {
    assert.equal((await ask(practice.upstream, '/v1/nothing')).status, 404);
  });
});
