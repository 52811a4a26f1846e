// Answers of POST /v1/messages, streamed and not. Plans as in openai_chat.mjs.
// Input tokens that came from the cache are counted apart from `input_tokens`, as this dialect has it.
import { answerWords, thinkingWords, toolCall, usageFor } from './words.mjs';
import { kOpenRouterComment, kSseHeaders } from './openai_chat.mjs';
import { plainAnswer } from './openai_more.mjs';

function messageUsage(usage, call, output) {
  return { input_tokens: usage.prompt - usage.cached, output_tokens: output, cache_creation_input_tokens: 0, cache_read_input_tokens: usage.cached,
    ...(call.provider === 'openrouter' && output === usage.completion ? { cost: usage.cost_nano / 1e9 } : {}) };
}

export function messagesAnswer(call) {
  const { body, provider, settings } = call;
  const openrouter = provider === 'openrouter';
  const tool = toolCall(body);
  const thinking = thinkingWords(body);
  const { words, cut } = tool ? { words: [], cut: false } : answerWords(body, settings);
  const usage = usageFor(body, tool ? 5 : words.length, thinking.length, openrouter);
  const headers = openrouter ? { 'x-generation-id': `gen-${call.id}` } : {};
  const stop_reason = tool ? 'tool_use' : cut ? 'max_tokens' : 'end_turn';
  const blocks = [
    ...(thinking.length ? [{ type: 'thinking', thinking: thinking.join(''), signature: 'practice' }] : []),
    tool ? { type: 'tool_use', id: 'toolu_practice_1', name: tool.name, input: tool.arguments } : { type: 'text', text: words.join('') },
  ];
  const base = { id: `msg_${call.id}`, type: 'message', role: 'assistant', model: body.model };
  if (body.stream !== true) {
    return plainAnswer({ ...base, content: blocks, stop_reason, stop_sequence: null, usage: messageUsage(usage, call, usage.completion) }, usage, headers);
  }

  const event = (type, value) => `event: ${type}\ndata: ${JSON.stringify({ type, ...value })}\n\n`;
  const index = blocks.length - 1;
  const wordEvent = (word) => event('content_block_delta', { index, delta: { type: 'text_delta', text: word } });
  const events = [...(openrouter ? [kOpenRouterComment] : []),
    event('message_start', { message: { ...base, content: [], stop_reason: null, stop_sequence: null, usage: messageUsage(usage, call, 1) } })];
  if (thinking.length) {
    events.push(event('content_block_start', { index: 0, content_block: { type: 'thinking', thinking: '', signature: '' } }));
    for (const word of thinking) events.push(event('content_block_delta', { index: 0, delta: { type: 'thinking_delta', thinking: word } }));
    events.push(event('content_block_delta', { index: 0, delta: { type: 'signature_delta', signature: 'practice' } }), event('content_block_stop', { index: 0 }));
  }
  if (tool) {
    events.push(event('content_block_start', { index, content_block: { type: 'tool_use', id: 'toolu_practice_1', name: tool.name, input: {} } }),
      event('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json: JSON.stringify(tool.arguments) } }));
  } else {
    events.push(event('content_block_start', { index, content_block: { type: 'text', text: '' } }), event('ping', {}));
    for (const word of words) events.push(wordEvent(word));
  }
  events.push(event('content_block_stop', { index }),
    event('message_delta', { delta: { stop_reason, stop_sequence: null }, usage: messageUsage(usage, call, usage.completion) }),
    event('message_stop', {}));
  return { status: 200, headers: { ...kSseHeaders, ...headers }, frame: 'sse', events, tail: 1, usage, wordEvent, errorEvent: (error) => event('error', error) };
}
