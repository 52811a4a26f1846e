// Answers of Ollama's native routes: /api/chat, /api/generate, /api/embed, /api/embeddings, /api/show, /api/tags, /api/version.
// Streams are NDJSON and the default. Plans as in openai_chat.mjs.
import { answerWords, promptWords, thinkingWords, toolCall, usageFor } from './words.mjs';
import { embeddingInputs, embeddingOf, modelIds, plainAnswer } from './openai_more.mjs';

const kNdjsonHeaders = { 'content-type': 'application/x-ndjson' };
const kModified = '2026-01-01T00:00:00Z';
const kEmbeddingSize = 8;

function line(value) {
  return `${JSON.stringify(value)}\n`;
}

function modelRow(name) {
  return { name, model: name, modified_at: kModified, size: 1000000, digest: 'practice',
    details: { parent_model: '', format: 'gguf', family: 'practice', families: ['practice'], parameter_size: '1B', quantization_level: 'Q4_0' } };
}

/** /api/chat and /api/generate: the same stream, the words in `message.content` or in `response`. */
function generated(call, wordMembers, lastMembers) {
  const { body, settings } = call;
  const tool = wordMembers.tools ? toolCall(body) : null;
  const thinking = thinkingWords(body);
  const { words, cut } = tool ? { words: [], cut: false } : answerWords(body, settings);
  const usage = usageFor(body, tool ? 5 : words.length, thinking.length, false);
  const base = { model: body.model, created_at: new Date(call.created_s * 1000).toISOString() };
  const counts = { done: true, done_reason: cut ? 'length' : 'stop', total_duration: 2000000, load_duration: 1000, prompt_eval_count: usage.prompt,
    prompt_eval_duration: 1000, eval_count: usage.completion, eval_duration: 1000000, ...lastMembers };
  if (body.stream === false) return plainAnswer({ ...base, ...wordMembers.word(words.join(''), thinking.join(''), tool), ...counts }, usage);
  const wordEvent = (word) => line({ ...base, ...wordMembers.word(word, ''), done: false });
  const events = [...thinking.map((word) => line({ ...base, ...wordMembers.word('', word), done: false })), ...words.map(wordEvent)];
  if (tool) events.push(line({ ...base, ...wordMembers.word('', '', tool), done: false }));
  events.push(line({ ...base, ...wordMembers.word('', ''), ...counts }));
  return { status: 200, headers: kNdjsonHeaders, frame: 'ndjson', events, tail: 1, usage, wordEvent, errorEvent: line };
}

export function chatAnswer(call) {
  const word = (content, thinking, tool) => ({ message: { role: 'assistant', content, ...(thinking ? { thinking } : {}),
    ...(tool ? { tool_calls: [{ function: { name: tool.name, arguments: tool.arguments } }] } : {}) } });
  return generated(call, { tools: true, word }, {});
}

export function generateAnswer(call) {
  return generated(call, { tools: false, word: (response, thinking) => ({ response, ...(thinking ? { thinking } : {}) }) }, { context: [1, 2, 3] });
}

export function embedAnswer(call) {
  const inputs = embeddingInputs(call.body.input);
  const usage = usageFor({ model: call.body.model, input: inputs }, 0, 0, false);
  return plainAnswer({ model: call.body.model, embeddings: inputs.map((text) => embeddingOf(text, call.body.dimensions ?? kEmbeddingSize)),
    total_duration: 1000000, load_duration: 1000, prompt_eval_count: usage.prompt }, usage);
}

/** The older route: one prompt, one vector, no usage in the answer. */
export function embeddingsAnswer(call) {
  const usage = usageFor({ model: call.body.model, prompt: call.body.prompt }, 0, 0, false);
  return plainAnswer({ embedding: embeddingOf(promptWords({ prompt: call.body.prompt }).join(' '), kEmbeddingSize) }, usage);
}

export function showAnswer(call) {
  const name = call.body.model ?? call.body.name;
  return plainAnswer({ modelfile: `FROM ${name}`, parameters: '', template: '{{ .Prompt }}', details: modelRow(name).details,
    model_info: { 'general.architecture': 'practice' }, capabilities: ['completion', 'tools', 'thinking'], modified_at: kModified });
}

export function tagsAnswer() {
  return plainAnswer({ models: modelIds('ollama').map(modelRow) });
}

export function versionAnswer() {
  return plainAnswer({ version: '0.40.12' });
}
