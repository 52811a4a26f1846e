// Sends a delivery over a real connection: headers, events one by one (all at once unless told to pause between them), and
// the ending that was asked for. Honours back-pressure and stops when the client leaves. Knows nothing of dialects.
import { setTimeout as sleep } from 'node:timers/promises';
import { constants, createGzip } from 'node:zlib';

const kBeforeReset_ms = 20;
const kGzipFlush = { flush: constants.Z_SYNC_FLUSH };

/** Waits for the event or for the client to leave. */
function drained(emitter, response) {
  return new Promise((done) => {
    const settle = () => {
      emitter.off('drain', settle);
      response.off('close', settle);
      done();
    };
    emitter.once('drain', settle);
    response.once('close', settle);
  });
}

function piecesOf(event, bytes) {
  const data = Buffer.isBuffer(event) ? event : Buffer.from(event);
  if (!bytes) return [data];
  return Array.from({ length: Math.ceil(data.length / bytes) }, (_, i) => data.subarray(i * bytes, (i + 1) * bytes));
}

function isComment(event) {
  return typeof event === 'string' && event.startsWith(':');
}

async function pause(ms, response, signal) {
  if (ms > 0) await sleep(ms, undefined, { signal }).catch(() => {});
  return !response.destroyed;
}

function reset(response) {
  response.socket?.resetAndDestroy();
}

/**
 * Performs the delivery and tells how it went: "sent", "cut" (by us) or "aborted" (by the client).
 * `signal` ends every wait when the server stops; `onEvent` is called after each event.
 */
export async function deliver(delivery, response, signal, onEvent) {
  if (delivery.delay_ms && !await pause(delivery.delay_ms, response, signal)) return 'aborted';
  if (delivery.start === 'reset') {
    reset(response);
    return 'cut';
  }
  if (delivery.start === 'stall') return await stalled(response);

  const ending = delivery.ending ?? 'end';
  const headers = { ...delivery.headers };
  const whole = delivery.frame === 'json' && ending === 'end' && !delivery.gzip && !delivery.piece_bytes;
  if (delivery.gzip) headers['content-encoding'] = 'gzip';
  if (whole) {
    const body = delivery.events.length === 1 ? delivery.events[0] : delivery.events.join('');
    headers['content-length'] = Buffer.byteLength(body);
    response.writeHead(delivery.status, headers).end(body);
    onEvent();
    return 'sent';
  }
  response.writeHead(delivery.status, headers).flushHeaders();
  const out = delivery.gzip ? createGzip(kGzipFlush) : response;
  if (delivery.gzip) out.pipe(response);
  let first = true;
  for (const event of delivery.events) {
    if (!first && !isComment(event) && delivery.word_delay_ms && !await pause(delivery.word_delay_ms, response, signal)) return 'aborted';
    first = isComment(event);
    for (const piece of piecesOf(event, delivery.piece_bytes)) {
      if (response.destroyed) return 'aborted';
      if (!out.write(piece)) await drained(out, response);
      if (delivery.piece_bytes) await (delivery.piece_delay_ms ? pause(delivery.piece_delay_ms, response, signal) : new Promise(setImmediate));
    }
    onEvent();
  }
  if (response.destroyed) return 'aborted';
  if (ending === 'stall') return await stalled(response);
  if (ending === 'reset') {
    // A reset discards what has not left yet: let the events reach the client first.
    do await pause(kBeforeReset_ms, response, signal); while (!response.destroyed && response.socket?.writableLength);
    reset(response);
    return 'cut';
  }
  out.end();
  return 'sent';
}

/** Holds the connection open until the client, or the server's end, closes it. */
function stalled(response) {
  return new Promise((done) => {
    if (response.destroyed) done('aborted');
    else response.once('close', () => done('aborted'));
  });
}
