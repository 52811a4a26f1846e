// The load program: asks at a steady pace, plain and streamed in turn, remembers how each request ended, and so knows what the database
// must have counted. It knows nothing of how the pool works.
import { leaveInTheMiddle } from '../../tests/e2e/support/leaving_client.mjs';

const kTick_ms = 10;
const kPatience_ms = 30_000;
const kWords = 30;
// What the pool answers itself when every key that it tried has failed without an answer.
const kAfterAKey = /"code":"(upstream_(timeout|broken|unreachable)|keys_exhausted)"/;
const kEnding = 'data: [DONE]\n\n';

/** Whether a key was tried for this answer: only then is it counted. */
export const hasReachedKey = (answer, text) => answer.headers.has('x-pool-attempts') || kAfterAKey.test(text);

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
    const place = number % this.stage.isolates.length;
    const result = { number, place, begun_ms: Date.now(), isStream: number % 4 >= 2, status: null, reachedKey: false, success: false, left: false };
    this.results.push(result);
    const ends = this.leavingEvery > 0 && result.isStream && number % this.leavingEvery === 2 ? this.#leave(result) : this.#ask(result);
    const one = ends.finally(() => {
      result.ended_ms = Date.now();
      this.#underWay.delete(one);
    });
    this.#underWay.add(one);
  }

  #request(result) {
    return { model: `chaos-words-${kWords}`, stream: result.isStream, messages: [{ role: 'user', content: `request ${result.number}` }] };
  }

  async #ask(result) {
    try {
      const answer = await fetch(`${this.stage.isolates[result.place].url}/v1/chat/completions`, { method: 'POST', signal: AbortSignal.timeout(kPatience_ms),
        body: JSON.stringify(this.#request(result)), headers: { authorization: `Bearer ${this.stage.token}`, 'content-type': 'application/json' } });
      result.status = answer.status;
      result.reachedKey = answer.headers.has('x-pool-attempts'); // also of a stream that breaks before its end
      const text = await answer.text();
      result.text = text.slice(-300);
      result.reachedKey = hasReachedKey(answer, text);
      result.success = answer.status === 200 && (result.isStream ? text.endsWith(kEnding) && !text.includes('"error"') : JSON.parse(text).choices.length > 0);
    } catch (error) {
      result.text = String(error.cause ?? error);
      result.isBroken = true; // the connection itself
    }
  }

  // A client that leaves when it has seen the third word: the provider's success as far as it wanted it.
  async #leave(result) {
    const seen = await leaveInTheMiddle(`${this.stage.isolates[result.place].url}/v1/chat/completions`, { token: this.stage.token, body: this.#request(result),
      leaves: (text) => text.includes('word-3') });
    result.left = true;
    result.reachedKey = result.success = seen.includes('word-3');
  }
}

/** What the database must have counted of these results. */
export function ledgerOf(results) {
  const counted = results.filter((result) => result.reachedKey);
  const success = counted.filter((result) => result.success).length;
  return { requests: counted.length, success, failure: counted.length - success };
}
