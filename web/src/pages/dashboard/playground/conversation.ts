// One request of the playground, from sending to its last piece: what was said, how long each part took, which key answered.
import { useRef, useState } from 'preact/hooks';
import { askResponse } from '../../../api/client';
import { eventsOf, linesOf } from '../../../api/lines';
import { bodyOf, pathOf, readPiece, type Ask, type Piece } from './dialects';

export interface Exchange {
  isRunning: boolean;
  text: string;
  thinking: string;
  raw: string;
  pieces: number;
  usage: string;
  error: unknown;
  headers: [string, string][];
  firstByte_ms: number | null;
  total_ms: number | null;
}

const kShownHeaders = ['x-pool-key', 'x-pool-attempts', 'x-request-id', 'x-cache'];
const kRawKept_chars = 200_000;
const kPatience_ms = 180_000;
const kNone: Exchange = { isRunning: false, text: '', thinking: '', raw: '', pieces: 0, usage: '', error: null, headers: [], firstByte_ms: null, total_ms: null };

async function* piecesOf(answer: Response, ask: Ask): AsyncGenerator<string> {
  if (!ask.isStreamed) yield await answer.text();
  else if (ask.dialect === 'ollama') yield* linesOf(answer);
  else for await (const event of eventsOf(answer)) yield event.data;
}

export function useExchange(): { exchange: Exchange; send: (ask: Ask, token: string) => Promise<void>; stop: () => void } {
  const [exchange, setExchange] = useState<Exchange>(kNone);
  const running = useRef<AbortController | null>(null);

  const take = (data: string, piece: Piece, elapsed_ms: number) => setExchange((before) => ({
    ...before, text: before.text + (piece.text ?? ''), thinking: before.thinking + (piece.thinking ?? ''), raw: (before.raw + data + '\n').slice(-kRawKept_chars), pieces: before.pieces + 1,
    usage: piece.usage ?? before.usage, error: piece.error ? new Error(piece.error) : before.error, firstByte_ms: before.firstByte_ms ?? elapsed_ms,
  }));

  const send = async (ask: Ask, token: string) => {
    running.current?.abort();
    const mine = new AbortController();
    running.current = mine;
    const began_ms = performance.now();
    const elapsed_ms = () => performance.now() - began_ms;
    setExchange({ ...kNone, isRunning: true });
    try {
      const answer = await askResponse(pathOf(ask), { method: 'POST', body: bodyOf(ask), token, accept: '*/*', signal: mine.signal, patience_ms: kPatience_ms });
      const headers = kShownHeaders.map((name): [string, string] => [name, answer.headers.get(name) ?? '']).filter(([, value]) => value !== '');
      setExchange((before) => ({ ...before, headers }));
      for await (const data of piecesOf(answer, ask)) if (data.trim() !== '') take(data, readPiece(ask.dialect, data), elapsed_ms());
    } catch (error) {
      if (running.current === mine && !mine.signal.aborted) setExchange((before) => ({ ...before, error }));
    }
    if (running.current === mine) setExchange((before) => ({ ...before, isRunning: false, total_ms: elapsed_ms() }));
  };
  return { exchange, send, stop: () => running.current?.abort() };
}
