// Answers of POST /v1/responses, streamed and not. Plans as in openai_chat.mjs.
import { answerWords, thinkingWords, toolCall, usageFor } from './words.mjs';
import { kOpenRouterComment, kSseHeaders } from './openai_chat.mjs';
import { plainAnswer } from './openai_more.mjs';

function responseUsage(usage, call) {
  return { input_tokens: usage.prompt, input_tokens_details: { cached_tokens: usage.cached }, output_tokens: usage.completion,
    output_tokens_details: { reasoning_tokens: usage.reasoning }, total_tokens: usage.prompt + usage.completion,
    ...(call.provider === 'openrouter' ? { cost: usage.cost_nano / 1e9 } : {}) };
}

export function responsesAnswer(call) {
  const { body, provider, settings } = call;
  const openrouter = provider === 'openrouter';
  const tool = toolCall(body);
  const { words, cut } = tool ? { words: [], cut: false } : answerWords(body, settings);
  const usage = usageFor(body, tool ? 5 : words.length, thinkingWords(body).length, openrouter);
  const headers = openrouter ? { 'x-generation-id': `gen-${call.id}` } : {};
  const base = { id: `resp_${call.id}`, object: 'response', created_at: call.created_s, model: body.model, instructions: body.instructions ?? null,
    error: null, incomplete_details: null, metadata: {}, parallel_tool_calls: true, temperature: null, tool_choice: 'auto', tools: body.tools ?? [], top_p: null };
  const item = tool
    ? { id: 'fc_practice_1', type: 'function_call', status: 'completed', call_id: 'call_practice_1', name: tool.name, arguments: JSON.stringify(tool.arguments) }
    : { id: 'msg_practice_1', type: 'message', status: 'completed', role: 'assistant', content: [{ type: 'output_text', text: words.join(''), annotations: [] }] };
  const finished = { ...base, status: cut ? 'incomplete' : 'completed', output: [item], usage: responseUsage(usage, call),
    ...(cut ? { incomplete_details: { reason: 'max_output_tokens' } } : {}) };
  if (body.stream !== true) return plainAnswer(finished, usage, headers);

  let sequence_number = 0;
  const event = (type, value) => `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence_number++, ...value })}\n\n`;
  const place = { item_id: item.id, output_index: 0 };
  const started = { ...base, status: 'in_progress', output: [], usage: null };
  const events = [...(openrouter ? [kOpenRouterComment] : []), event('response.created', { response: started }), event('response.in_progress', { response: started })];
  const wordEvent = (word) => event('response.output_text.delta', { ...place, content_index: 0, delta: word, logprobs: [] });
  if (tool) {
    events.push(event('response.output_item.added', { output_index: 0, item: { ...item, status: 'in_progress', arguments: '' } }),
      event('response.function_call_arguments.delta', { ...place, delta: item.arguments }),
      event('response.function_call_arguments.done', { ...place, name: item.name, arguments: item.arguments }));
  } else {
    const part = { type: 'output_text', text: '', annotations: [] };
    events.push(event('response.output_item.added', { output_index: 0, item: { ...item, status: 'in_progress', content: [] } }),
      event('response.content_part.added', { ...place, content_index: 0, part }));
    for (const word of words) events.push(wordEvent(word));
    events.push(event('response.output_text.done', { ...place, content_index: 0, text: words.join(''), logprobs: [] }),
      event('response.content_part.done', { ...place, content_index: 0, part: { ...part, text: words.join('') } }));
  }
  events.push(event('response.output_item.done', { output_index: 0, item }), event(cut ? 'response.incomplete' : 'response.completed', { response: finished }));
  const errorEvent = (error) => event('response.failed', { response: { ...base, status: 'failed', output: [], usage: null,
    error: { code: 'server_error', message: error.error.message }, error_type: error.error.metadata?.error_type ?? 'server' } });
  return { status: 200, headers: { ...kSseHeaders, ...headers }, frame: 'sse', events, tail: 1, usage, errorEvent, wordEvent };
}
