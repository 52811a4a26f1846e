// The client libraries that people use, against the pool: streamed and not, both providers, every dialect.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { Ollama } from 'ollama';
import OpenAI from 'openai';
import { kProviders, secretsStayIn, wholePool } from './support/pool.mjs';

const pool = wholePool();
const kMessages = [{ role: 'user', content: 'hello there' }];
const kAnswer = 'This is a practice answer, not a model. You said: hello there';

const prefixOf = (provider) => (provider === 'ollama' ? '' : `/${provider}`);
const openai = (provider) => new OpenAI({ baseURL: `${pool.worker.url}${prefixOf(provider)}/v1`, apiKey: pool.tokens[provider], fetch: pool.fetch, maxRetries: 0 });

for (const provider of kProviders) {
  test(`the openai client gets a whole answer through ${provider}`, async () => {
    const answer = await openai(provider).chat.completions.create({ model: 'some/model', messages: kMessages });
    assert.equal(answer.choices[0].message.content, kAnswer);
    assert.equal(answer.usage.completion_tokens, 12);
  });

  test(`the openai client gets a streamed answer through ${provider}, word for word`, async () => {
    const stream = await openai(provider).chat.completions.create({ model: 'some/model', messages: kMessages, stream: true, stream_options: { include_usage: true } });
    const chunks = await Array.fromAsync(stream);
    assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join(''), kAnswer);
    assert.equal(chunks.at(-1).usage.completion_tokens, 12);
  });

  test(`the openai client lists the models of ${provider}, and finds one of them`, async () => {
    const models = (await openai(provider).models.list()).data;
    assert.ok(models.length > 0);
    assert.equal((await openai(provider).models.retrieve(models[0].id)).id, models[0].id);
  });

  test(`the openai client gets responses and embeddings through ${provider}`, async () => {
    const response = await openai(provider).responses.create({ model: 'some/model', input: 'hello there' });
    assert.equal(response.output_text, kAnswer);
    const events = await Array.fromAsync(await openai(provider).responses.create({ model: 'some/model', input: 'hello there', stream: true }));
    assert.equal(events.at(-1).type, 'response.completed');
    const { data } = await openai(provider).embeddings.create({ model: 'some/model', input: ['a', 'b'] });
    assert.equal(data.length, 2);
  });

  test(`the Anthropic client gets answers through ${provider}, with the token in x-api-key`, async () => {
    const client = new Anthropic({ baseURL: `${pool.worker.url}${prefixOf(provider)}`, apiKey: pool.tokens[provider], fetch: pool.fetch, maxRetries: 0 });
    const call = { model: 'some/model', max_tokens: 100, messages: kMessages };
    assert.equal((await client.messages.create(call)).content[0].text, kAnswer);
    assert.equal((await client.messages.stream(call).finalMessage()).content[0].text, kAnswer);
  });

  test(`the openai client gets the error that its dialect has when the token is wrong (${provider})`, async () => {
    const client = new OpenAI({ baseURL: `${pool.worker.url}${prefixOf(provider)}/v1`, apiKey: 'wrong', fetch: pool.fetch, maxRetries: 0 });
    await assert.rejects(client.chat.completions.create({ model: 'm', messages: kMessages }), (error) => error instanceof OpenAI.AuthenticationError && error.code === 'invalid_token');
  });
}

test('the ollama client chats in its own dialect, streamed and not, and lists models', async () => {
  const client = new Ollama({ host: pool.worker.url, headers: { authorization: `Bearer ${pool.tokens.ollama}` }, fetch: pool.fetch });
  assert.equal((await client.chat({ model: 'some-model', messages: kMessages })).message.content, kAnswer);
  const parts = await Array.fromAsync(await client.chat({ model: 'some-model', messages: kMessages, stream: true }));
  assert.equal(parts.map((part) => part.message.content).join(''), kAnswer);
  assert.equal(parts.at(-1).done, true);
  assert.ok((await client.list()).models.length > 0);
});

secretsStayIn(pool);
