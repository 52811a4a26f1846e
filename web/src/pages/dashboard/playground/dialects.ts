// The three dialects as the playground speaks them: the path, the body, and where in a streamed piece the text and the usage are.
// Pure, tested by tests/browser/rules.test.mjs.
export type Dialect = 'openai' | 'anthropic' | 'ollama';

export interface Ask { provider: string; dialect: Dialect; model: string; system: string; prompt: string; maxTokens: number; isStreamed: boolean }

/** Ollama's own API is Ollama's alone. */
export function dialectsOf(provider: string): Dialect[] {
  return provider === 'ollama' ? ['openai', 'anthropic', 'ollama'] : ['openai', 'anthropic'];
}

export function pathOf({ provider, dialect }: Pick<Ask, 'provider' | 'dialect'>): string {
  const path = { openai: '/v1/chat/completions', anthropic: '/v1/messages', ollama: '/api/chat' }[dialect];
  return provider === 'ollama' ? path : `/${provider}${path}`;
}

export function bodyOf({ dialect, model, system, prompt, maxTokens, isStreamed }: Ask): Record<string, unknown> {
  const user = { role: 'user', content: prompt };
  if (dialect === 'anthropic') return { model, max_tokens: maxTokens, stream: isStreamed, ...(system ? { system } : {}), messages: [user] };
  const messages = system ? [{ role: 'system', content: system }, user] : [user];
  if (dialect === 'ollama') return { model, stream: isStreamed, options: { num_predict: maxTokens }, messages };
  return { model, stream: isStreamed, max_tokens: maxTokens, messages };
}

export interface Piece { text?: string; thinking?: string; usage?: string; error?: string }

type Loose = { [member: string]: Loose | undefined } & { toString(): string };

/** What one piece says: an event's data of OpenAI or Anthropic, a line of Ollama's, or a whole answer. */
export function readPiece(dialect: Dialect, data: string): Piece {
  if (data === '[DONE]') return {};
  const piece = JSON.parse(data) as Loose;
  const said = (value: Loose | string | undefined) => (typeof value === 'string' && value !== '' ? value : undefined);
  const error = said(piece.error) ?? said(piece.error?.message);
  if (error) return { error };
  if (dialect === 'ollama') return readOllama(piece, said);
  if (dialect === 'anthropic') return readAnthropic(piece, said);
  const choice = (piece.choices as unknown as Loose[] | undefined)?.[0];
  const part = choice?.delta ?? choice?.message;
  return { ...withText(said(part?.content), said(part?.reasoning) ?? said(part?.reasoning_content)), ...usageOf(piece.usage?.prompt_tokens, piece.usage?.completion_tokens) };
}

function readOllama(piece: Loose, said: (value: Loose | undefined) => string | undefined): Piece {
  return { ...withText(said(piece.message?.content), said(piece.message?.thinking)), ...usageOf(piece.prompt_eval_count, piece.eval_count) };
}

function readAnthropic(piece: Loose, said: (value: Loose | undefined) => string | undefined): Piece {
  const whole = piece.content as unknown as { type: string; text?: string }[] | undefined;
  if (Array.isArray(whole)) return { ...withText(whole.map((block) => block.text ?? '').join('') || undefined, undefined), ...usageOf(piece.usage?.input_tokens, piece.usage?.output_tokens) };
  const usage = piece.usage ?? piece.message?.usage;
  return { ...withText(said(piece.delta?.text), said(piece.delta?.thinking)), ...usageOf(usage?.input_tokens, usage?.output_tokens) };
}

function withText(text: string | undefined, thinking: string | undefined): Piece {
  return { ...(text === undefined ? {} : { text }), ...(thinking === undefined ? {} : { thinking }) };
}

function usageOf(input: unknown, output: unknown): Piece {
  return typeof input === 'number' || typeof output === 'number' ? { usage: `${typeof input === 'number' ? input : '…'} → ${typeof output === 'number' ? output : '…'}` } : {};
}

/** The same request for a shell; the token stays a name. */
export function curlOf(origin: string, ask: Ask): string {
  const quoted = JSON.stringify(bodyOf(ask)).replaceAll("'", "'\\''");
  return `curl -N ${origin}${pathOf(ask)} \\\n  -H "Authorization: Bearer $POOL_TOKEN" \\\n  -H "Content-Type: application/json" \\\n  -d '${quoted}'`;
}
