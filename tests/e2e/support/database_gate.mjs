// Stands between the worker and its database: counts the calls by function, and can be shut, slowed, or made to lose answers after the
// database has acted on the call. Passes calls and answers on as they are.
import { createServer } from 'node:http';

export class DatabaseGate {
  calls = [];          // names of functions, in order
  delay_ms = 0;        // before a call is passed on
  losesAnswers = null; // the function whose answers never arrive, though it has run
  refusal = null;      // {status, body, type = JSON's} in place of the database's answer
  #target;
  #port = 0;
  #server;
  #underWay = new Set();

  constructor(databaseUrl) {
    this.#target = new URL(databaseUrl);
  }

  get url() {
    return `http://127.0.0.1:${this.#port}${this.#target.pathname}`;
  }

  count(name) {
    return this.calls.filter((call) => call === name).length;
  }

  /** Listens, on the same port each time; shut() makes the database unreachable. */
  async open() {
    this.#server = createServer((incoming, outgoing) => this.#pass(incoming, outgoing));
    await new Promise((done, failed) => this.#server.once('error', failed).listen(this.#port, '127.0.0.1', done));
    this.#port = this.#server.address().port;
    return this;
  }

  async shut() {
    const closed = new Promise((done) => this.#server.close(done));
    this.#server.closeAllConnections();
    await closed;
  }

  /** When no call is under way in the database any more, whoever made it. */
  async idle() {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  async #pass(incoming, outgoing) {
    const name = incoming.url.split('/').at(-1);
    this.calls.push(name);
    const { delay_ms, refusal, losesAnswers } = this;
    const pieces = [];
    try {
      for await (const piece of incoming) pieces.push(piece);
    } catch {
      return; // The worker has ended in the middle of its call.
    }
    if (delay_ms > 0) await new Promise((done) => setTimeout(done, delay_ms));
    if (refusal) {
      outgoing.writeHead(refusal.status, { 'content-type': refusal.type ?? 'application/json' }).end(refusal.body);
      return;
    }
    const { host, connection, 'transfer-encoding': coding, ...headers } = incoming.headers;
    const call = fetch(new URL(incoming.url, this.#target), { method: incoming.method, headers, body: Buffer.concat(pieces) }).then(
      async (answer) => ({ status: answer.status, type: answer.headers.get('content-type'), body: Buffer.from(await answer.arrayBuffer()) }), () => null);
    this.#underWay.add(call);
    const answer = await call;
    this.#underWay.delete(call);
    if (!answer || losesAnswers === name) outgoing.destroy();
    else outgoing.writeHead(answer.status, { 'content-type': answer.type ?? 'application/json' }).end(answer.body);
  }
}
