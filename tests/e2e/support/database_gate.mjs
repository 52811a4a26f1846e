// Stands between the worker and its database: counts the calls by function, and can be shut, slowed, or made to lose answers after the
// database has acted on the call. Passes everything else on unchanged.
import { createServer, request as httpRequest } from 'node:http';

export class DatabaseGate {
  calls = [];          // names of functions, in order
  delay_ms = 0;        // before a call is passed on
  losesAnswers = null; // the function whose answers never arrive, though it has run
  refusal = null;      // {status, body} in place of the database's answer
  #target;
  #port = 0;
  #server;

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

  async #pass(incoming, outgoing) {
    const name = incoming.url.split('/').at(-1);
    this.calls.push(name);
    const { delay_ms, refusal, losesAnswers } = this;
    if (delay_ms > 0) await new Promise((done) => setTimeout(done, delay_ms));
    if (refusal) {
      incoming.resume();
      outgoing.writeHead(refusal.status, { 'content-type': 'application/json' }).end(refusal.body);
      return;
    }
    const { host, ...headers } = incoming.headers;
    const onward = httpRequest({ hostname: this.#target.hostname, port: this.#target.port, path: incoming.url, method: incoming.method, headers }, (answer) => {
      if (losesAnswers === name) {
        answer.resume().once('end', () => outgoing.destroy());
        return;
      }
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    onward.once('error', () => outgoing.destroy());
    incoming.pipe(onward);
  }
}
