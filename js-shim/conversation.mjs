// One flow's dealings with the outside: a method per operation, by its name in abi.def. Decides nothing: what to fetch, how long to wait
// and what to answer all come from the core. Upstream bodies stay here under a handle; what the core has read of one is held.
import { Body, Operation, Status } from './abi.mjs';
import { UpstreamBody } from './upstream_body.mjs';

const kNames = Object.fromEntries(Object.entries(Operation).map(([name, number]) => [number, name]));
const kNullBodyStatuses = new Set([101, 204, 205, 304]);

function pairs(list) {
  const out = [];
  for (let i = 0; i + 1 < list.length; i += 2) out.push([list[i], list[i + 1]]);
  return out;
}

/** The client's body with splices: (offset, bytes removed, bytes inserted, the inserted bytes)*, little-endian. */
export function splice(body, wire) {
  if (wire.length === 0) return body;
  const view = new DataView(wire.buffer, wire.byteOffset, wire.length);
  const parts = [];
  let from = 0;
  for (let at = 0; at < wire.length; ) {
    const [offset, removed, inserted] = [0, 4, 8].map((word) => view.getUint32(at + word, true));
    parts.push(body.subarray(from, offset), wire.slice(at + 12, at + 12 + inserted));
    from = offset + removed;
    at += 12 + inserted;
  }
  return new Blob([...parts, body.subarray(from)]);
}

export class Conversation {
  bodies = new Map();
  nextHandle = 1;
  gone = false;
  leave = () => {}; // tells the operation under way that the client has left
  spawned = [];     // when the flows that this one has begun end

  constructor(request) {
    this.request = request; // null for background flows
    this.response = new Promise((resolve) => { this.answer = resolve; });
    request?.signal.addEventListener('abort', () => { this.gone = true; this.leave(); });
  }

  /** The outcome of the operation that `op` describes. All of `op` is read before the first await. */
  perform(op) { return this[kNames[op.kind]](op); }

  // What work() gives, or what comes before it: the time (0 = none) or the client's leaving. Work that fails is Status.failed.
  within(timeout_ms, work) {
    if (this.gone) return { status: Status.client_gone };
    return new Promise((resolve) => {
      const timer = timeout_ms > 0 ? setTimeout(resolve, timeout_ms, { status: Status.timeout }) : undefined;
      this.leave = () => resolve({ status: Status.client_gone });
      work().then(resolve, () => resolve({ status: Status.failed })).finally(() => clearTimeout(timer));
    });
  }

  read_request_body(op) {
    const limit = op.a;
    return this.within(op.b, async () => {
      const read = await new UpstreamBody(this.request).read(limit);
      this.clientBody = read.data;
      return read;
    });
  }

  async fetch(op) {
    const controller = new AbortController();
    const [method, url, wanted] = [op.text(0), op.text(1), op.list(4)];
    const body = { [Body.bytes]: () => op.bytes(3).slice(), [Body.client]: () => splice(this.clientBody, op.bytes(3)) }[op.b]?.();
    const init = { method, headers: pairs(op.list(2)), body, redirect: 'manual', signal: controller.signal };
    const outcome = await this.within(op.a, async () => {
      const response = await fetch(url, init);
      const handle = this.nextHandle++;
      this.bodies.set(handle, new UpstreamBody(response, controller));
      const wire = wanted.filter((name) => response.headers.has(name)).map((name) => `${name}\0${response.headers.get(name)}\0`).join('');
      return { status: Status.ok, number: response.status, handle, data: new TextEncoder().encode(wire) };
    });
    if (outcome.status !== Status.ok) controller.abort();
    return outcome;
  }

  read_body(op) {
    const [body, limit] = [this.bodies.get(op.a), op.b];
    return this.within(op.c, () => body.read(limit));
  }

  cancel_body(op) {
    this.bodies.get(op.a)?.cancel();
    this.bodies.delete(op.a);
    return { status: Status.ok };
  }

  respond(op) {
    const [headers, body] = [pairs(op.list(0)), op.bytes(1).slice()];
    if (op.b === 0) return this.answered(op.a, headers, body);
    this.forwarded = new UpstreamBody({ body: null }, new AbortController());
    if (body.length > 0) this.forwarded.held.push(body);
    return this.answered(op.a, headers, this.forwarded.forward(1));
  }

  write(op) {
    const bytes = op.bytes(0).slice();
    return this.within(op.a, () => this.forwarded.write(bytes));
  }

  forward(op) {
    this.forwarded = this.bodies.get(op.a);
    this.idle_ms = op.d;
    const headers = new Headers(this.forwarded.source.headers);
    for (const name of op.list(1)) headers.delete(name);
    for (const [name, value] of pairs(op.list(0))) headers.set(name, value);
    return this.answered(op.b, headers, this.forwarded.forward(op.c));
  }

  answered(status, headers, body) {
    this.answer(new Response(kNullBodyStatuses.has(status) ? null : body, { status, headers }));
    return { status: this.gone ? Status.client_gone : Status.ok };
  }

  observe() { return this.within(this.idle_ms, () => this.forwarded.observe()); }

  finish(op) { return this.forwarded.finish(op.bytes(0).slice(), op.a === 1 || this.gone, op.b === 1); }

  sleep(op) { return new Promise((resolve) => setTimeout(resolve, op.a, { status: Status.ok })); }

  // What this very step has spawned is begun behind perform(), in the same turn.
  join(op) {
    return this.within(op.a, async () => {
      await null;
      await Promise.all(this.spawned);
      return { status: Status.ok };
    });
  }

  random_bytes(op) { return { status: Status.ok, data: crypto.getRandomValues(new Uint8Array(op.a)) }; }
}
