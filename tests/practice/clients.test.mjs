// The real client libraries understand the practice upstream without a word of complaint: what they meet here is what they
// would meet at the providers.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { Ollama } from 'ollama';
import OpenAI from 'openai';
import { practiceUpstream } from './practice.mjs';

const practice = practiceUpstream();
const kMessages = [{ role: 'user', content: 'hello there' }];
const kAnswer = 'This is a practice answer, not a model. You said: hello there';
const kParameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };

for (const provider of ['ollama', 'openrouter']) {
  const openai = () => new OpenAI({ baseURL: provider === 'ollama' ? `${practice.upstream.url}/v1` : practice.upstream.openrouterBaseUrl, apiKey: 'practice-a', maxRetries: 0 });
  // This client adds /v1 itself.
  const anthropic = () => new Anthropic({ baseURL: practice.upstream.url + (provider === 'ollama' ? '' : '/api'), authToken: 'practice-a', apiKey: null, maxRetries: 0 });

  describe(`openai at ${provider}`, () => {
    test('chat, plain and streamed', async () => {
      const plain = await openai().chat.completions.create({ model: 'm', messages: kMessages });
      assert.equal(plain.choices[0].message.content, kAnswer);
      let text = '';
      for await (const chunk of await openai().chat.completions.create({ model: 'm', messages: kMessages, stream: true })) text += chunk.choices[0]?.delta?.content ?? '';
      assert.equal(text, kAnswer);
    });

    test('a streamed tool call is assembled by the helper', async () => {
      const stream = openai().chat.completions.stream({ model: 'm', messages: kMessages, tools: [{ type: 'function', function: { name: 'weather', parameters: kParameters } }] });
      const done = await stream.finalChatCompletion();
      assert.deepEqual(JSON.parse(done.choices[0].message.tool_calls[0].function.arguments), { city: 'practice' });
    });

    test('embeddings, by default packed', async () => {
      const { data } = await openai().embeddings.create({ model: 'm', input: 'hello' });
      assert.equal(data[0].embedding.length, 8);
    });

    test('responses, plain and streamed', async () => {
      const plain = await openai().responses.create({ model: 'm', input: 'hello there' });
      assert.equal(plain.output_text, kAnswer);
      const final = await openai().responses.stream({ model: 'm', input: 'hello there' }).finalResponse();
      assert.equal(final.output_text, kAnswer);
    });

    test('completions and models', async () => {
      assert.equal((await openai().completions.create({ model: 'm', prompt: 'hello there' })).choices[0].text, kAnswer);
      assert.ok((await openai().models.list()).data.length > 0);
    });

    test('a refusal becomes the error class of its status', async () => {
      const model = provider === 'ollama' ? 'practice-429-plain' : 'practice-429';
      await assert.rejects(openai().chat.completions.create({ model, messages: kMessages }), OpenAI.RateLimitError);
    });
  });

  describe(`@anthropic-ai/sdk at ${provider}`, () => {
    test('messages, plain and streamed', async () => {
      const plain = await anthropic().messages.create({ model: 'm', max_tokens: 100, messages: kMessages });
      assert.equal(plain.content[0].text, kAnswer);
      const final = await anthropic().messages.stream({ model: 'm', max_tokens: 100, messages: kMessages }).finalMessage();
      assert.equal(final.content[0].text, kAnswer);
      assert.equal(final.usage.output_tokens, 12);
    });

    test('a tool and thinking are assembled', async () => {
      const tools = [{ name: 'weather', input_schema: kParameters }];
      const final = await anthropic().messages.stream({ model: 'm', max_tokens: 2000, messages: kMessages, tools, thinking: { type: 'enabled', budget_tokens: 1024 } }).finalMessage();
      assert.deepEqual(final.content.map((block) => block.type), ['thinking', 'tool_use']);
      assert.deepEqual(final.content[1].input, { city: 'practice' });
    });

    test('an error in mid-stream is thrown', async () => {
      await assert.rejects(anthropic().messages.stream({ model: 'practice-error-mid-stream', max_tokens: 100, messages: kMessages }).finalMessage(), Anthropic.APIError);
    });
  });
}

describe('ollama', () => {
  const ollama = () => new Ollama({ host: practice.upstream.url, headers: { Authorization: 'Bearer practice-a' } });

  test('chat and generate, plain and streamed', async () => {
    assert.equal((await ollama().chat({ model: 'm', messages: kMessages })).message.content, kAnswer);
    assert.equal((await ollama().generate({ model: 'm', prompt: 'hello there' })).response, kAnswer);
    let text = '';
    for await (const part of await ollama().chat({ model: 'm', messages: kMessages, stream: true })) text += part.message.content;
    assert.equal(text, kAnswer);
  });

  test('embed, list, show and version', async () => {
    assert.equal((await ollama().embed({ model: 'm', input: ['a', 'b'] })).embeddings.length, 2);
    assert.ok((await ollama().list()).models.length > 0);
    assert.ok((await ollama().show({ model: 'm' })).details);
    assert.ok((await ollama().version()).version);
  });

  test('an error line in mid-stream is thrown', async () => {
    const stream = await ollama().chat({ model: 'practice-error-mid-stream', messages: kMessages, stream: true });
    await assert.rejects(async () => { for await (const part of stream) assert.ok(part.message); }, /running the model/);
  });
});
