// Puts an error answer of one dialect into another, as the providers themselves do on their other routes.
// Shapes only: statuses, headers and meaning stay.
const kOpenAiTypes = { 400: 'invalid_request_error', 404: 'not_found_error' };
const kAnthropicTypes = { 400: 'invalid_request_error', 401: 'authentication_error', 402: 'billing_error', 403: 'permission_error',
  404: 'not_found_error', 413: 'request_too_large', 422: 'invalid_request_error', 429: 'rate_limit_error', 503: 'overloaded_error', 529: 'overloaded_error' };

function messageOf(body) {
  return typeof body.error === 'string' ? body.error : body.error?.message ?? 'error';
}

/** The body of an error in the wanted dialect ("openai" | "anthropic" | "native"); text and foreign JSON pass unchanged. */
export function errorInDialect(body, from, wanted, status) {
  if (typeof body === 'string' || from === 'any' || from === wanted || body.error === undefined) return body;
  const message = messageOf(body);
  if (wanted === 'native') return { error: message };
  if (wanted === 'anthropic') {
    const error_type = body.error?.metadata?.error_type;
    return { type: 'error', error: { type: kAnthropicTypes[status] ?? 'api_error', message, ...(error_type ? { error_type } : {}) } };
  }
  return { error: { message, type: kOpenAiTypes[status] ?? 'api_error', param: null, code: null } };
}
