// What the practice upstream says, and how it counts. Deterministic: the same request gets the same words, tokens and cost,
// so a test can work out the exact figures. One word is one token. Not a model, and every answer says so.
const kNanoPerPromptToken = 250;
const kNanoPerCompletionToken = 1500;

function textsOf(value, out) {
  if (typeof value === 'string') out.push(value);
  else if (Array.isArray(value)) for (const item of value) textsOf(item, out);
  else if (value && typeof value === 'object') {
    for (const member of ['content', 'text', 'parts', 'output']) textsOf(value[member], out);
  }
}

function splitWords(text) {
  return text.split(/\s+/).filter(Boolean);
}

/** Every text of the prompt, whichever dialect wrote it, as one list of words. */
export function promptWords(body) {
  const texts = [];
  for (const member of ['system', 'instructions', 'messages', 'prompt', 'input']) textsOf(body[member], texts);
  return texts.flatMap(splitWords);
}

function lastMessage(body) {
  const list = [body.messages, body.input].find(Array.isArray);
  return list?.[list.length - 1];
}

function lastWords(body) {
  const texts = [];
  textsOf(lastMessage(body) ?? body.prompt ?? body.input, texts);
  return texts.flatMap(splitWords).slice(0, 40);
}

function wantsJson(body) {
  const format = body.response_format?.type ?? body.text?.format?.type ?? (body.format ? 'json_object' : undefined);
  return format === 'json_object' || format === 'json_schema';
}

/** The words of the answer, each with the space that follows it. `-words-N` in the model's name or `settings.words` sets how many. */
export function answerWords(body, settings) {
  const count = Number(/-words-(\d+)/.exec(String(body.model))?.[1] ?? settings.words ?? 0);
  let words = wantsJson(body) ? ['{"practice":', 'true}'] :
    ['This', 'is', 'a', 'practice', 'answer,', 'not', 'a', 'model.', 'You', 'said:', ...lastWords(body)];
  if (count > 0) words = Array.from({ length: count }, (_, i) => `word-${i + 1}`);
  const limit = body.max_tokens ?? body.max_completion_tokens ?? body.max_output_tokens ?? body.options?.num_predict;
  const cut = Number.isInteger(limit) && limit > 0 && limit < words.length;
  if (cut) words = words.slice(0, limit);
  return { words: words.map((word, i) => (i + 1 < words.length ? `${word} ` : word)), cut };
}

/** Words of thinking that precede the answer: only when the request or the model's name asks for them. */
export function thinkingWords(body) {
  const asked = body.think || body.reasoning || body.reasoning_effort || body.thinking?.type === 'enabled' || /thinking/.test(String(body.model));
  return asked ? ['Let ', 'me ', 'think.'] : [];
}

function argumentFor(schema) {
  if (schema?.enum?.length) return schema.enum[0];
  if (schema?.type === 'number' || schema?.type === 'integer') return 1;
  if (schema?.type === 'boolean') return true;
  if (schema?.type === 'array') return [];
  if (schema?.type === 'object') return argumentsFor(schema);
  return 'practice';
}

function argumentsFor(schema) {
  const names = schema?.required ?? Object.keys(schema?.properties ?? {});
  return Object.fromEntries(names.map((name) => [name, argumentFor(schema?.properties?.[name])]));
}

/** The call to make when tools are offered and the user, not a tool, spoke last; null otherwise. */
export function toolCall(body) {
  const tool = body.tools?.[0];
  const last = lastMessage(body);
  const answersTool = last?.role === 'tool' || last?.type === 'function_call_output' ||
    (Array.isArray(last?.content) && last.content.some((part) => part.type === 'tool_result'));
  if (!tool || answersTool || body.tool_choice === 'none' || body.tool_choice?.type === 'none') return null;
  const described = tool.function ?? tool;
  return { name: described.name, arguments: argumentsFor(described.parameters ?? described.input_schema) };
}

/** Tokens and cost of one answer. `cached` is half of the prompt where the provider reports caching. */
export function usageFor(body, completion, reasoning, reportsCache) {
  const prompt = promptWords(body).length;
  const total = completion + reasoning;
  const free = String(body.model).endsWith(':free');
  return { prompt, completion: total, reasoning, cached: reportsCache ? Math.floor(prompt / 2) : 0,
    cost_nano: free ? 0 : prompt * kNanoPerPromptToken + total * kNanoPerCompletionToken };
}
