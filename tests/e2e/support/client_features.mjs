// What each client library is tried with, as rows: {client, feature, run(at), only?, instead?}. `at` is {url, token, provider, fetch}.
// `only` names the provider that has the feature at all, `instead` says why the other one has not.
import assert from 'node:assert/strict';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import Anthropic from '@anthropic-ai/sdk';
import { generateText, jsonSchema, streamText, tool } from 'ai';
import { Ollama } from 'ollama';
import OpenAI from 'openai';

const kModel = 'some/model';
const kMessages = [{ role: 'user', content: 'hello there' }];
const kAnswer = 'This is a practice answer, not a model. You said: hello there';
const kParameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const kFunction = { type: 'function', function: { name: 'weather', parameters: kParameters } };
const kArguments = { city: 'practice' };

const joined = async (stream, textOf) => (await Array.fromAsync(stream)).map((part) => textOf(part) ?? '').join('');

const openai = ({ url, token, fetch }) => new OpenAI({ baseURL: `${url}/v1`, apiKey: token, fetch, maxRetries: 0 });
const anthropic = ({ url, token, fetch }) => new Anthropic({ baseURL: url, apiKey: token, fetch, maxRetries: 0 });
const ollama = ({ url, token, fetch }) => new Ollama({ host: url, headers: { authorization: `Bearer ${token}` }, fetch });
const compatible = ({ url, token, provider, fetch }) => createOpenAICompatible({ name: provider, baseURL: `${url}/v1`, apiKey: token, fetch, includeUsage: true })(kModel);
const chat = (at, members) => openai(at).chat.completions.create({ model: kModel, messages: kMessages, ...members });
const message = { model: kModel, max_tokens: 2000, messages: kMessages };

const kOpenAi = {
  'list of models': async (at) => assert.ok((await openai(at).models.list()).data.length > 0),
  'one model': async (at) => {
    const [first] = (await openai(at).models.list()).data;
    assert.equal((await openai(at).models.retrieve(first.id)).id, first.id);
  },
  chat: async (at) => {
    const answer = await chat(at);
    assert.equal(answer.choices[0].message.content, kAnswer);
    assert.equal(answer.usage.completion_tokens, 12);
  },
  'chat, streamed': async (at) => assert.equal(await joined(await chat(at, { stream: true }), (chunk) => chunk.choices[0]?.delta.content), kAnswer),
  'chat, streamed, with its usage': async (at) => {
    const chunks = await Array.fromAsync(await chat(at, { stream: true, stream_options: { include_usage: true } }));
    assert.equal(chunks.at(-1).usage.completion_tokens, 12);
  },
  'tool calls': async (at) => assert.deepEqual(JSON.parse((await chat(at, { tools: [kFunction] })).choices[0].message.tool_calls[0].function.arguments), kArguments),
  'tool calls, streamed': async (at) => {
    const done = await openai(at).chat.completions.stream({ model: kModel, messages: kMessages, tools: [kFunction] }).finalChatCompletion();
    assert.deepEqual(JSON.parse(done.choices[0].message.tool_calls[0].function.arguments), kArguments);
  },
  completions: async (at) => assert.equal((await openai(at).completions.create({ model: kModel, prompt: 'hello there' })).choices[0].text, kAnswer),
  embeddings: async (at) => assert.equal((await openai(at).embeddings.create({ model: kModel, input: ['a', 'b'] })).data.length, 2),
  responses: async (at) => assert.equal((await openai(at).responses.create({ model: kModel, input: 'hello there' })).output_text, kAnswer),
  'responses, streamed': async (at) => {
    const events = await Array.fromAsync(await openai(at).responses.create({ model: kModel, input: 'hello there', stream: true }));
    assert.equal(events.at(-1).type, 'response.completed');
    assert.equal(events.filter((event) => event.type === 'response.output_text.delta').map((event) => event.delta).join(''), kAnswer);
  },
  'a broken stream is an error': async (at) => {
    const stream = await chat(at, { model: 'some/model-words-20', stream: true });
    await assert.rejects(Array.fromAsync(stream), OpenAI.APIError);
  },
  'a broken stream of responses is an error': async (at) => {
    const stream = await openai(at).responses.create({ model: 'some/model-words-20', input: 'hello there', stream: true });
    await assert.rejects(Array.fromAsync(stream), (error) => error instanceof OpenAI.APIError && error.code === 'upstream_broken');
  },
  'a wrong token is its own error class': (at) => assert.rejects(chat({ ...at, token: 'wrong' }), (error) => error instanceof OpenAI.AuthenticationError && error.code === 'invalid_token'),
};

const kAnthropic = {
  messages: async (at) => assert.equal((await anthropic(at).messages.create(message)).content[0].text, kAnswer),
  'messages, streamed': async (at) => {
    const final = await anthropic(at).messages.stream(message).finalMessage();
    assert.equal(final.content[0].text, kAnswer);
    assert.equal(final.usage.output_tokens, 12);
  },
  'tool calls': async (at) => {
    const answer = await anthropic(at).messages.create({ ...message, tools: [{ name: 'weather', input_schema: kParameters }] });
    assert.deepEqual(answer.content.find((block) => block.type === 'tool_use').input, kArguments);
  },
  'tool calls and thinking, streamed': async (at) => {
    const call = { ...message, tools: [{ name: 'weather', input_schema: kParameters }], thinking: { type: 'enabled', budget_tokens: 1024 } };
    const final = await anthropic(at).messages.stream(call).finalMessage();
    assert.deepEqual(final.content.map((block) => block.type), ['thinking', 'tool_use']);
    assert.deepEqual(final.content[1].input, kArguments);
  },
  'a broken stream is an error': (at) => assert.rejects(anthropic(at).messages.stream({ ...message, model: 'some/model-words-20' }).finalMessage(), Anthropic.APIError),
  'a wrong token is its own error class': (at) => assert.rejects(anthropic({ ...at, token: 'wrong' }).messages.create(message), Anthropic.AuthenticationError),
};

const kOllama = {
  chat: async (at) => assert.equal((await ollama(at).chat({ model: kModel, messages: kMessages })).message.content, kAnswer),
  'chat, streamed': async (at) => {
    const parts = await Array.fromAsync(await ollama(at).chat({ model: kModel, messages: kMessages, stream: true }));
    assert.equal(parts.map((part) => part.message.content).join(''), kAnswer);
    assert.equal(parts.at(-1).done, true);
  },
  'tool calls': async (at) => assert.deepEqual((await ollama(at).chat({ model: kModel, messages: kMessages, tools: [kFunction] })).message.tool_calls[0].function.arguments, kArguments),
  generate: async (at) => assert.equal((await ollama(at).generate({ model: kModel, prompt: 'hello there' })).response, kAnswer),
  'generate, streamed': async (at) => assert.equal(await joined(await ollama(at).generate({ model: kModel, prompt: 'hello there', stream: true }), (part) => part.response), kAnswer),
  embed: async (at) => assert.equal((await ollama(at).embed({ model: kModel, input: ['a', 'b'] })).embeddings.length, 2),
  list: async (at) => assert.ok((await ollama(at).list()).models.length > 0),
  show: async (at) => assert.ok((await ollama(at).show({ model: kModel })).details),
  version: async (at) => assert.ok((await ollama(at).version()).version),
  'a broken stream is an error': async (at) => {
    const stream = await ollama(at).chat({ model: 'some/model-words-20', messages: kMessages, stream: true });
    await assert.rejects(Array.fromAsync(stream));
  },
};

const kTools = { weather: tool({ inputSchema: jsonSchema(kParameters) }) };
const kAi = {
  generateText: async (at) => {
    const { text, usage } = await generateText({ model: compatible(at), prompt: 'hello there', maxRetries: 0 });
    assert.equal(text, kAnswer);
    assert.equal(usage.outputTokens, 12);
  },
  streamText: async (at) => assert.equal(await joined(streamText({ model: compatible(at), prompt: 'hello there', maxRetries: 0 }).textStream, (text) => text), kAnswer),
  'tool calls': async (at) => assert.deepEqual((await generateText({ model: compatible(at), prompt: 'hello there', tools: kTools, maxRetries: 0 })).toolCalls[0].input, kArguments),
  'tool calls, streamed': async (at) => {
    const stream = streamText({ model: compatible(at), prompt: 'hello there', tools: kTools, maxRetries: 0 });
    assert.deepEqual((await stream.toolCalls)[0].input, kArguments);
  },
};

const rows = (client, features, more = {}) => Object.entries(features).map(([feature, run]) => ({ client, feature, run, ...more }));

export const kFeatures = [
  ...rows('openai', kOpenAi),
  ...rows('@anthropic-ai/sdk', kAnthropic),
  ...rows('ollama', kOllama, { only: 'ollama', instead: 'OpenRouter has no such API, and the pool translates none' }),
  ...rows('@ai-sdk/openai-compatible', kAi),
];
