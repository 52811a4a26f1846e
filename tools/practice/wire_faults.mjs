// The faults that are not an error answer: connections that are cut, stalled or slow, and answers that are not what they
// claim. Each entry turns a sound plan (see openai_chat.mjs) into a delivery: the plan plus {start, ending, ...} as
// delivery.mjs performs it. `sound` says that the client still got everything.
const kHtml = '<!DOCTYPE html>\n<html lang="en-US"><head><title>Just a moment...</title></head><body><h1>Checking your browser</h1></body></html>\n';
const kGarbage = Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 167 + (i >> 3) * 31) & 0xff));
const kDefaultAfterEvents = 2;
const kHugeEventBytes = 10 * 1024 * 1024;

/** The events up to a point in the stream; a body that is no stream is cut in its middle. */
function upTo(plan, spec) {
  if (plan.frame !== 'json') return plan.events.slice(0, spec.after_events ?? kDefaultAfterEvents);
  const text = plan.events.join('');
  return [text.slice(0, Math.ceil(text.length / 2))];
}

function inBand(plan, spec, context, events) {
  const error = context.errorBody(spec.error ?? 'stream_error');
  if (plan.frame === 'json') return { ...plan, events: [JSON.stringify(error)], sound: false };
  const closing = plan.frame === 'sse' && plan.events.at(-1) === 'data: [DONE]\n\n' && context.provider === 'openrouter' ? ['data: [DONE]\n\n'] : [];
  return { ...plan, events: [...events, plan.errorEvent(error), ...closing], sound: false };
}

function page(headers, events) {
  return { status: 200, headers, frame: 'json', events, sound: false };
}

export const kWireFaults = {
  reset: (plan) => ({ ...plan, start: 'reset', sound: false }),
  reset_after: (plan, spec) => ({ ...plan, events: upTo(plan, spec), ending: 'reset', sound: false }),
  stall: (plan) => ({ ...plan, start: 'stall', sound: false }),
  stall_after: (plan, spec) => ({ ...plan, events: upTo(plan, spec), ending: 'stall', sound: false }),
  truncated: (plan) => ({ ...plan, events: upTo(plan, {}), ending: 'end', sound: false }),
  truncated_after: (plan, spec) => ({ ...plan, events: upTo(plan, spec), ending: 'end', sound: false }),
  no_terminator: (plan) => ({ ...plan, events: plan.frame === 'json' ? upTo(plan, {}) : plan.events.slice(0, plan.events.length - plan.tail), sound: false }),
  drip: (plan, spec) => ({ ...plan, piece_bytes: spec.bytes ?? 1, piece_delay_ms: spec.piece_delay_ms ?? 0, sound: true }),
  slow_first_byte: (plan, spec) => ({ ...plan, delay_ms: spec.delay_ms ?? 2000, sound: true }),
  slow_words: (plan, spec) => ({ ...plan, word_delay_ms: spec.word_delay_ms ?? 500, sound: true }),
  garbage: (plan) => ({ ...plan, frame: 'json', events: [kGarbage], sound: false }),
  html_200: () => page({ 'content-type': 'text/html; charset=UTF-8' }, [kHtml]),
  empty_200: (plan) => page(plan.headers, []),
  error_in_200: (plan, spec, context) => inBand(plan, spec, context, []),
  error_first_event: (plan, spec, context) => inBand(plan, spec, context, []),
  error_mid_stream: (plan, spec, context) => inBand(plan, spec, context, upTo(plan, spec)),
  error_mid_stream_after: (plan, spec, context) => inBand(plan, spec, context, upTo(plan, spec)),
  gzip: (plan) => ({ ...plan, gzip: true, sound: true }),
  huge_event: (plan, spec) => {
    const word = 'x'.repeat(spec.bytes ?? kHugeEventBytes);
    if (!plan.wordEvent) return { ...plan, events: [plan.events.join('').replace(/"(This|word-1) /, `"${word} `)], sound: true };
    return { ...plan, events: [...plan.events.slice(0, -plan.tail || undefined), plan.wordEvent(word), ...plan.events.slice(-plan.tail)], sound: true };
  },
};
