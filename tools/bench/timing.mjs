// Can a token be guessed by how long its refusal takes? Tokens that share all but the last four characters with a valid one are sent in turn
// with tokens that share nothing, and the two groups' times are compared by Welch's t-test on what lies below the 90th percentile (the rest is
// the machine's). Both are compared by their SHA-256, so there is nothing to be seen: |t| stays below what chance gives. Only answers of 401
// are measured, the refusal of a token that was compared. An isolate looks unknown tokens up at a ration, and answers 429 beyond it, but it
// remembers for ten seconds those that were not found: so a few client tokens of each kind are looked up first and then asked with again
// and again until they would be forgotten, and the next few follow. The admin token is compared each time.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';

const kSuspicious_t = 4.5; // the usual bound of leakage tests (TVLA): one in 100,000 by chance
const kKeptShare = 0.9;
const kRefused = 401;
const kLeastShareRefused = 0.95;
// src/auth/token_cache.cpp: a token that was not found is remembered for 10 s; 50 look-ups at once and two a second are free.
const kPairsAtOnce = 8;
const kRemembered_ms = 8_500;
const kFew_ms = 100; // the admin token is compared each time: other wrong ones soon

/** One connection, on which requests that were made ready before are sent: what a client's library does with a token must not be measured. */
class Wire {
  #socket;
  #answer = '';
  #done = () => {};
  #failed = () => {};

  async open(url) {
    const { hostname, port } = new URL(url);
    this.#socket = connect(Number(port), hostname).setNoDelay(true).setEncoding('latin1');
    this.#socket.on('data', (piece) => {
      this.#answer += piece;
      if (isWhole(this.#answer)) this.#done();
    });
    this.#socket.on('close', () => this.#failed(new Error('the connection was closed')));
    await once(this.#socket, 'connect');
    return this;
  }

  /** Answers {status, us}. */
  async ask(bytes) {
    this.#answer = '';
    const whole = new Promise((done, failed) => { [this.#done, this.#failed] = [done, failed]; });
    const begun = process.hrtime.bigint();
    this.#socket.write(bytes);
    await whole;
    const us = Number(process.hrtime.bigint() - begun) / 1000;
    return { status: Number(this.#answer.slice(9, 12)), us };
  }

  close() {
    this.#failed = () => {};
    this.#socket.destroy();
  }
}

function isWhole(answer) {
  const end = answer.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(answer.slice(0, end + 2))?.[1];
  return length === undefined ? answer.endsWith('\r\n0\r\n\r\n') : answer.length >= end + 4 + Number(length);
}

const requestOf = (path, credential) => Buffer.from(`GET ${path} HTTP/1.1\r\nHost: pool.test\r\nAuthorization: Bearer ${credential}\r\n\r\n`);

function momentsOf(times) {
  const kept = times.toSorted((a, b) => a - b).slice(0, Math.floor(times.length * kKeptShare));
  const mean = kept.reduce((sum, us) => sum + us, 0) / kept.length;
  return { mean, variance: kept.reduce((sum, us) => sum + (us - mean) ** 2, 0) / (kept.length - 1), count: kept.length };
}

/** {t, least_us}: Welch's t, and the difference from which on it would be suspicious. */
function welch(a, b) {
  const [left, right] = [momentsOf(a), momentsOf(b)];
  const error_us = Math.sqrt(left.variance / left.count + right.variance / right.count);
  return { near_us: left.mean, far_us: right.mean, t: (left.mean - right.mean) / error_us, least_us: kSuspicious_t * error_us };
}

/** Requests with wrong tokens in pairs: one that is nearly this secret, and one that is nothing like it. */
function wrongPair(path, secret) {
  const far = randomBytes(secret.length).toString('hex').slice(0, secret.length);
  return { near: requestOf(path, secret.slice(0, -4) + far.slice(0, 4)), far: requestOf(path, far) };
}

/** Answers {what, pairs, refused, others, near_us, far_us, t, least_us, isSuspicious}; some pairs are looked up first and then asked with for `batch_ms`. */
async function measureRefusals(wire, { what, path, secret, batch_ms }, pairs) {
  const times = { near: [], far: [] };
  const statuses = {};
  for (let i = 0; i < pairs;) {
    const wrong = Array.from({ length: kPairsAtOnce }, () => wrongPair(path, secret));
    for (const { near, far } of wrong) for (const request of [near, far]) await wire.ask(request); // not measured: it may be a look-up
    const begun_ms = performance.now();
    for (; i < pairs && performance.now() - begun_ms < batch_ms; i++) {
      const pair = wrong[Math.floor(Math.random() * kPairsAtOnce)];
      const answers = {};
      for (const kind of Math.random() < 0.5 ? ['near', 'far'] : ['far', 'near']) answers[kind] = await wire.ask(pair[kind]);
      for (const { status } of Object.values(answers)) statuses[status] = (statuses[status] ?? 0) + 1;
      if (Object.values(answers).every(({ status }) => status === kRefused)) for (const kind of ['near', 'far']) times[kind].push(answers[kind].us);
    }
  }
  const { [kRefused]: refused = 0, ...others } = statuses;
  if (refused < kLeastShareRefused * 2 * pairs) throw new Error(`${what}: of ${2 * pairs} answers ${refused} were ${kRefused}, others ${JSON.stringify(others)}`);
  const found = welch(times.near, times.far);
  return { what, pairs: times.near.length, refused, others: 2 * pairs - refused, ...found, isSuspicious: Math.abs(found.t) > kSuspicious_t };
}

/** Answers what measureRefusals does, for client tokens and for the admin token: refusals of what is nearly right, and of what is not at all. */
export async function measureTiming(pool, pairs) {
  const wire = await new Wire().open(pool.url);
  const rows = [];
  for (const secret of [{ what: 'a client token', path: '/v1/models?timing', secret: pool.token, batch_ms: kRemembered_ms },
    { what: 'the admin token', path: '/admin/stats', secret: pool.adminToken, batch_ms: kFew_ms }]) {
    rows.push(await measureRefusals(wire, secret, pairs));
  }
  wire.close();
  return rows;
}
