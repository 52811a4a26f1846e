// The load program: asks at a steady pace, plain and streamed in turn, of two providers, with several tokens and models; remembers how each
// request ended, and so knows what the database must have counted. It knows nothing of how the pool works, but what an answer costs: the
// practice upstream counts words.
import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { leaveInTheMiddle } from '../../tests/e2e/support/leaving_client.mjs';
import { usageFor } from '../practice/words.mjs';

const kTick_ms = 10;
const kPatience_ms = 30_000;
const kWords = 30;
const kModels = ['chaos-a', 'chaos-b', 'chaos-c'];
// What the pool answers itself when every key that it tried has failed without an answer.
const kAfterAKey = /"code":"(upstream_(timeout|broken|unreachable)|keys_exhausted)"/;
const kEnding = 'data: [DONE]\n\n';
const kPieces = 20; // of a body that dribbles in
const kPaths = { ollama: '/v1/chat/completions', openrouter: '/openrouter/v1/chat/completions' };

let sent = 0; // by all load programs of this process: no two requests are alike

/** Whether a key was tried for this answer: only then is it counted. */
const hasReachedKey = (headers, text) => headers.has('x-pool-attempts') || kAfterAKey.test(text);

/** A request to the isolate in this place, and what becomes of it; `members` are more of its body. */
function newResult(stage, place, { provider, token, model, isStream = false, content = '' }) {
  const words = `request ${++sent} ${content}`;
  const body = { model: `${model}-words-${kWords}`, stream: isStream, ...(isStream ? { stream_options: { include_usage: true } } : {}), messages: [{ role: 'user', content: words }] };
  const text = JSON.stringify(body);
  const { prompt, completion, cost_nano } = usageFor(body, kWords, 0, false);
  return { place, isolate: stage.isolates[place], provider, token: stage.tokens[provider][token], model: body.model, isStream, begun_ms: Date.now(), text: '',
    usage: { tokens: prompt + completion, cost_nano: provider === 'openrouter' ? cost_nano : 0 }, sha256: createHash('sha256').update(text).digest('hex'), body, bytes: text,
    status: null, reachedKey: false, success: false };
}

const urlOf = (result) => `${result.isolate.url}${kPaths[result.provider]}`;
const headersOf = (result) => ({ authorization: `Bearer ${result.token}`, 'content-type': 'application/json' });

function take(result, status, headers, text) {
  result.status = status;
  result.text = text.slice(-300);
  result.reachedKey = hasReachedKey(headers, text);
  result.success = status === 200 && (result.isStream ? text.endsWith(kEnding) && !text.includes('"error"') : JSON.parse(text).choices.length > 0);
}

function broke(result, error) {
  result.text = String(error.cause ?? error);
  result.isBroken = true; // the connection itself
}

async function ask(result) {
  try {
    const answer = await fetch(urlOf(result), { method: 'POST', signal: AbortSignal.timeout(kPatience_ms), body: result.bytes, headers: headersOf(result) });
    result.status = answer.status;
    result.reachedKey = answer.headers.has('x-pool-attempts'); // also of a stream that breaks before its end
    take(result, answer.status, answer.headers, await answer.text());
  } catch (error) {
    broke(result, error);
  }
}

// A client that leaves when it has seen the third word: the provider's success as far as it wanted it. The pool may have seen more of it.
async function leave(result) {
  const seen = await leaveInTheMiddle(urlOf(result), { token: result.token, body: result.body, leaves: (text) => text.includes('word-3') });
  result.left = result.mayBeEstimated = true;
  result.reachedKey = result.success = seen.includes('word-3');
}

// The body comes in pieces, the last one `last_ms` after all others: so long the pool has to hold them.
function dribble(result, dribble_ms, last_ms) {
  return new Promise((done) => {
    const request = httpRequest(urlOf(result), { method: 'POST', agent: false, headers: { ...headersOf(result), 'content-length': Buffer.byteLength(result.bytes) } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece) => { text += piece; }).on('error', failed).on('end', () => {
        take(result, response.statusCode, new Map(Object.entries(response.headers)), text);
        done();
      });
    });
    function failed(error) {
      if (result.status === null) broke(result, error);
      done();
    }
    request.on('error', failed);
    (async () => {
      const bytes = Buffer.from(result.bytes);
      const piece = Math.ceil(bytes.length / kPieces);
      for (let at = 0; at < bytes.length && !request.destroyed; at += piece) {
        if (at + piece >= bytes.length) await sleep(last_ms);
        request.write(bytes.subarray(at, at + piece));
        await sleep(dribble_ms / kPieces);
      }
      request.end();
    })();
  });
}

/**
 * So many requests with bodies of so many bytes at once, which come in during `dribble_ms`, but for their last pieces, which follow
 * `apart_ms` after each other. Answers their results. What such an answer has used may be an estimate, where the pool had no room for it.
 */
export function sendLarge(stage, place, { count, bytes, dribble_ms, apart_ms, model }) {
  return Promise.all(Array.from({ length: count }, async (_, i) => {
    const result = newResult(stage, place, { provider: i % 2 === 0 ? 'ollama' : 'openrouter', token: 0, model, content: 'x'.repeat(bytes) });
    result.isLarge = result.mayBeEstimated = true;
    await dribble(result, dribble_ms, i * apart_ms);
    result.body = result.bytes = null;
    result.ended_ms = Date.now();
    return result;
  }));
}

export class Load {
  results = [];
  #underWay = new Set();
  #isStopped = false;

  constructor(stage, { rate = 40, leavingEvery = 0 } = {}) {
    this.stage = stage;
    this.rate = rate;
    this.leavingEvery = leavingEvery; // each so manieth stream is left in its middle
  }

  /** Also after a stop(). */
  start() {
    this.#isStopped = false;
    this.running = this.#run();
    return this;
  }

  /** No more requests; resolves when all have ended. */
  async stop() {
    this.#isStopped = true;
    await this.running;
    await Promise.all(this.#underWay);
  }

  async #run() {
    const begun_ms = performance.now();
    const before = this.results.length;
    while (!this.#isStopped) {
      const due = before + (performance.now() - begun_ms) / 1000 * this.rate;
      while (this.results.length < due) this.#send(this.results.length);
      await new Promise((done) => setTimeout(done, kTick_ms));
    }
  }

  #send(number) {
    const result = newResult(this.stage, number % this.stage.isolates.length, { isStream: number % 4 >= 2, provider: number % 8 >= 4 ? 'openrouter' : 'ollama', token: (number >> 3) % 2,
      model: kModels[number % kModels.length] });
    this.results.push(result);
    const ends = this.leavingEvery > 0 && result.isStream && number % this.leavingEvery === 2 ? leave(result) : ask(result);
    const one = ends.finally(() => {
      result.ended_ms = Date.now();
      this.#underWay.delete(one);
    });
    this.#underWay.add(one);
  }
}
