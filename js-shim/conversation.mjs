// One flow's dealings with the outside: performs its operations one after the other. Decides nothing: what to fetch, how long to wait and
// what to answer all come from the core. Upstream bodies stay here under a handle; what the core has read of one is held for forwarding.
import { Body, Operation, Status } from './abi.mjs';
import { UpstreamBody } from './upstream_body.mjs';

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
    const [offset, removed, inserted] = [view.getUint32(at, true), view.getUint32(at + 4, true), view.getUint32(at + 8, true)];
    parts.push(body.subarray(from, offset), wire.slice(at + 12, at + 12 + inserted));
    from = offset + removed;
    at += 12 + inserted;
  }
  parts.push(body.subarray(from));
  return new Blob(parts);
}

export class Conversation {
  bodies = new Map();
  nextHandle = 1;
  gone = false;
  leave = () => {}; // tells the operation under way that the client has left

  constructor(request) {
    this.request = request; // null for background flows
    this.response = new Promise((resolve) => { this.answer = resolve; });
    request?.signal.addEventListener('abort', () => { this.gone = true; this.leave(); });
  }

  /** The outcome of the operation that `op` describes. All of `op` is read before the first await. */
  perform(op) {
    switch (op.kind) {
      case Operation.read_request_body: return this.within(op.b, this.readRequest(op.a));
      case Operation.fetch: return this.fetch(op);
      case Operation.read_body: return this.within(op.c, this.bodies.get(op.a).read(op.b));
      case Operation.cancel_body: return this.cancel(op.a);
      case Operation.respond: return this.respond(op);
      case Operation.forward: return this.forward(op);
      case Operation.observe: return this.within(this.forwarded.idle_ms, this.forwarded.observe(this));
      case Operation.finish: return this.forwarded.finish(op.bytes(0).slice(), op.a === 1 || this.gone);
      case Operation.sleep: return new Promise((resolve) => setTimeout(resolve, op.a, { status: Status.ok }));
      case Operation.random_bytes: return { status: Status.ok, data: crypto.getRandomValues(new Uint8Array(op.a)) };
    }
    throw new Error(`the core asks for an unknown operation (${op.kind})`);
  }

  // `work`, or what comes before it: the time (0 = none) or the client's leaving. Work that fails is Status.failed.
  within(timeout_ms, work) {
    if (this.gone) return { status: Status.client_gone };
    return new Promise((resolve) => {
      const timer = timeout_ms > 0 ? setTimeout(resolve, timeout_ms, { status: Status.timeout }) : undefined;
      this.leave = () => resolve({ status: Status.client_gone });
      work.then(resolve, () => resolve({ status: Status.failed })).finally(() => clearTimeout(timer));
    });
  }

  async readRequest(limit) {
    const body = this.request.body ? await new UpstreamBody(this.request).read(limit) : { status: Status.ok, data: new Uint8Array(0) };
    this.clientBody = body.data;
    return body;
  }

  async fetch(op) {
    const controller = new AbortController();
    const body = [undefined, () => op.bytes(3).slice(), () => splice(this.clientBody, op.bytes(3))][op.b]?.();
    const wanted = op.list(4);
    const sent = fetch(op.text(1), { method: op.text(0), headers: pairs(op.list(2)), body, redirect: 'manual', signal: controller.signal });
    const outcome = await this.within(op.a, sent.then((response) => {
      const handle = this.nextHandle++;
      this.bodies.set(handle, new UpstreamBody(response, controller));
      const wire = wanted.filter((name) => response.headers.has(name)).map((name) => `${name}\0${response.headers.get(name)}\0`).join('');
      return { status: Status.ok, number: response.status, handle, data: new TextEncoder().encode(wire) };
    }));
    if (outcome.status !== Status.ok) controller.abort();
    return outcome;
  }

  async cancel(handle) {
    this.bodies.get(handle)?.cancel();
    this.bodies.delete(handle);
    return { status: Status.ok };
  }

  respond(op) {
    const body = kNullBodyStatuses.has(op.a) ? null : op.bytes(1).slice();
    this.answer(new Response(body, { status: op.a, headers: pairs(op.list(0)) }));
    return { status: this.gone ? Status.client_gone : Status.ok };
  }

  forward(op) {
    const [body, status] = [this.bodies.get(op.a), op.b];
    const headers = new Headers(body.source.headers);
    for (const name of op.list(1)) headers.delete(name);
    for (const [name, value] of pairs(op.list(0))) headers.set(name, value);
    this.forwarded = body;
    const readable = body.forward(op.c, op.d);
    this.answer(new Response(kNullBodyStatuses.has(status) ? null : readable, { status, headers }));
    return { status: this.gone ? Status.client_gone : Status.ok };
  }
}
