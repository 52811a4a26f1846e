// Answers of the other OpenAI routes: /v1/completions, /v1/embeddings, /v1/models[/{id}]. Plans as in openai_chat.mjs.
import { createHash } from 'node:crypto';
import { answerWords, usageFor } from './words.mjs';
import { chatErrorEvent, kJsonHeaders, kOpenRouterComment, kSseHeaders, openAiUsage, sseData } from './openai_chat.mjs';

const kModels = {
  ollama: ['gpt-oss:20b', 'gpt-oss:120b', 'qwen3-coder:480b', 'deepseek-v3.1:671b', 'practice-embed'],
  openrouter: ['openai/gpt-oss-120b', 'openai/gpt-oss-20b:free', 'anthropic/claude-sonnet-4.5', 'meta-llama/llama-3.3-70b-instruct:free', 'practice/embed'],
};
const kModelsCreated_s = 1767225600;

export function modelIds(provider) {
  return kModels[provider];
}

export function plainAnswer(value, usage = null, headers = {}) {
  return { status: 200, headers: { ...kJsonHeaders, ...headers }, frame: 'json', events: [JSON.stringify(value)], tail: 0, usage };
}

export function completionAnswer(call) {
  const { body, provider, settings } = call;
  const openrouter = provider === 'openrouter';
  const { words, cut } = answerWords(body, settings);
  const usage = usageFor(body, words.length, 0, openrouter);
  const base = { id: openrouter ? `gen-${call.id}` : `cmpl-${call.id}`, object: 'text_completion', created: call.created_s, model: body.model };
  const finish_reason = cut ? 'length' : 'stop';
  const headers = openrouter ? { 'x-generation-id': base.id } : {};
  if (body.stream !== true) {
    return plainAnswer({ ...base, choices: [{ index: 0, text: words.join(''), logprobs: null, finish_reason }], usage: openAiUsage(usage, call) }, usage, headers);
  }
  const event = (text) => sseData({ ...base, choices: [{ index: 0, text, finish_reason: null }] });
  const last = [{ index: 0, text: '', finish_reason }];
  const terminator = [sseData({ ...base, choices: last })];
  if (openrouter || body.stream_options?.include_usage) terminator.push(sseData({ ...base, choices: openrouter ? last : [], usage: openAiUsage(usage, call) }));
  terminator.push('data: [DONE]\n\n');
  return { status: 200, headers: { ...kSseHeaders, ...headers }, frame: 'sse', events: [...(openrouter ? [kOpenRouterComment] : []), ...words.map(event), ...terminator],
    tail: terminator.length, usage, errorEvent: chatErrorEvent(call, base), wordEvent: event };
}

/** A unit-length vector that depends on the text alone. */
export function embeddingOf(text, dimensions) {
  const values = [];
  for (let block = 0; values.length < dimensions; block++) {
    const digest = createHash('sha256').update(`${block}:${text}`).digest();
    for (let i = 0; i + 1 < digest.length && values.length < dimensions; i += 2) values.push(digest.readInt16BE(i) / 32768);
  }
  const length = Math.hypot(...values) || 1;
  return values.map((value) => value / length);
}

/** The inputs of an embeddings request as texts: a text, texts, tokens, or lists of tokens. */
export function embeddingInputs(input) {
  if (typeof input === 'string') return [input];
  if (!Array.isArray(input)) return [];
  return input.every((item) => typeof item === 'number') ? [input.join(' ')] : input.map((item) => (Array.isArray(item) ? item.join(' ') : String(item)));
}

export function embeddingsAnswer(call) {
  const { body, provider } = call;
  const data = embeddingInputs(body.input).map((text, index) => {
    const vector = embeddingOf(text, body.dimensions ?? 8);
    const embedding = body.encoding_format === 'base64' ? Buffer.from(new Float32Array(vector).buffer).toString('base64') : vector;
    return { object: 'embedding', index, embedding };
  });
  const usage = usageFor({ model: body.model, input: embeddingInputs(body.input) }, 0, 0, false);
  const counts = { prompt_tokens: usage.prompt, total_tokens: usage.prompt, ...(provider === 'openrouter' ? { cost: usage.cost_nano / 1e9 } : {}) };
  return plainAnswer({ object: 'list', data, model: body.model, usage: counts }, usage);
}

function modelRow(id, provider) {
  const row = { id, object: 'model', created: kModelsCreated_s, owned_by: provider === 'ollama' ? 'ollama' : id.split('/')[0] };
  return provider === 'ollama' ? row : { ...row, name: id, context_length: 131072, pricing: { prompt: '0.00000025', completion: '0.0000015' } };
}

export function modelsAnswer(call) {
  const data = modelIds(call.provider).map((id) => modelRow(id, call.provider));
  return plainAnswer(call.provider === 'ollama' ? { object: 'list', data } : { data });
}

/** One model by its id, or null when there is none. */
export function modelAnswer(call, id) {
  return modelIds(call.provider).includes(id) ? plainAnswer(modelRow(id, call.provider)) : null;
}
