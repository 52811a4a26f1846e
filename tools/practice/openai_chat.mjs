// Answers of POST /v1/chat/completions, streamed and not, as Ollama Cloud and OpenRouter give them.
// A plan is what will be sent: {status, headers, frame, events, tail, usage, errorEvent}; `tail` counts the events at the
// end that make the stream's terminator. Sending, delays and faults are others' business.
import { answerWords, thinkingWords, toolCall, usageFor } from './words.mjs';

export const kSseHeaders = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' };
export const kJsonHeaders = { 'content-type': 'application/json' };
export const kOpenRouterComment = ': OPENROUTER PROCESSING\n\n';

export function sseData(value) {
  return `data: ${JSON.stringify(value)}\n\n`;
}

export function openAiUsage(usage, call) {
  const value = { prompt_tokens: usage.prompt, completion_tokens: usage.completion, total_tokens: usage.prompt + usage.completion };
  if (call.provider !== 'openrouter') return value;
  return { ...value, cost: usage.cost_nano / 1e9, is_byok: false,
    prompt_tokens_details: { cached_tokens: usage.cached, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: usage.reasoning },
    cost_details: { upstream_inference_cost: null } };
}

/** The in-band error event of an OpenAI stream; OpenRouter wraps it in a whole chunk. */
export function chatErrorEvent(call, base) {
  return (error) => (call.provider === 'openrouter'
    ? sseData({ ...base, error: error.error, choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error', native_finish_reason: 'error' }] })
    : sseData(error));
}

function callOf(tool) {
  return { id: 'call_practice_1', type: 'function', function: { name: tool.name, arguments: JSON.stringify(tool.arguments) } };
}

export function chatAnswer(call) {
  const { body, provider, settings } = call;
  const tool = toolCall(body);
  const thinking = thinkingWords(body);
  const { words, cut } = tool ? { words: [], cut: false } : answerWords(body, settings);
  const usage = usageFor(body, tool ? 5 : words.length, thinking.length, provider === 'openrouter');
  const openrouter = provider === 'openrouter';
  const base = { id: openrouter ? `gen-${call.id}` : `chatcmpl-${call.id}`, object: 'chat.completion', created: call.created_s, model: body.model,
    ...(openrouter ? { provider: 'Practice' } : { system_fingerprint: 'fp_practice' }) };
  const finish = tool ? 'tool_calls' : cut ? 'length' : 'stop';
  const native = openrouter ? { native_finish_reason: finish } : {};
  const headers = openrouter ? { 'x-generation-id': base.id } : {};

  if (body.stream !== true) {
    const message = { role: 'assistant', content: tool ? null : words.join(''), ...(thinking.length ? { reasoning: thinking.join('') } : {}),
      ...(tool ? { tool_calls: [callOf(tool)] } : {}) };
    const answer = { ...base, choices: [{ index: 0, message, logprobs: null, finish_reason: finish, ...native }], usage: openAiUsage(usage, call) };
    return { status: 200, headers: { ...kJsonHeaders, ...headers }, frame: 'json', events: [JSON.stringify(answer)], tail: 0, usage };
  }

  const chunk = { ...base, object: 'chat.completion.chunk' };
  const event = (delta, rest = {}) => sseData({ ...chunk, choices: [{ index: 0, delta, finish_reason: null, ...rest }] });
  const events = [];
  if (openrouter) events.push(kOpenRouterComment);
  for (const word of thinking) events.push(event({ role: 'assistant', content: '', reasoning: word }));
  for (const word of words) events.push(event({ role: 'assistant', content: word }));
  if (tool) {
    const { arguments: text, ...named } = callOf(tool).function;
    events.push(event({ role: 'assistant', content: '', tool_calls: [{ index: 0, id: 'call_practice_1', type: 'function', function: { ...named, arguments: '' } }] }));
    for (const piece of [text.slice(0, 1), text.slice(1)]) events.push(event({ tool_calls: [{ index: 0, function: { arguments: piece } }] }));
  }
  const last = [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: finish, ...native }];
  const terminator = [sseData({ ...chunk, choices: last })];
  if (openrouter) {
    terminator.push(sseData({ ...chunk, choices: settings.usage_choices === 'empty' ? [] : last, usage: openAiUsage(usage, call) }));
  } else if (body.stream_options?.include_usage) {
    terminator.push(sseData({ ...chunk, choices: [], usage: openAiUsage(usage, call) }));
  }
  terminator.push('data: [DONE]\n\n');
  return { status: 200, headers: { ...kSseHeaders, ...headers }, frame: 'sse', events: [...events, ...terminator], tail: terminator.length,
    usage, errorEvent: chatErrorEvent(call, chunk), wordEvent: (word) => event({ role: 'assistant', content: word }) };
}
