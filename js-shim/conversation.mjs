// One flow's dealings with the outside: a method per operation, by its name in abi.def. Decides nothing: what to fetch, how long to wait
// and what to answer all come from the core. Upstream bodies stay here under a handle; what the core has read of one is held.
import { Body, Operation, Status } from './abi.mjs';
import { UpstreamBody } from './upstream_body.mjs';

const kNames = Object.fromEntries(Object.entries(Operation).map(([name, number]) => [number, name]));
const kNullBodyStatuses = new Set([101, 204, 205, 304]);
const kMostHeaders = 1024;
const kMostWire = 2048;
const encoder = new TextEncoder();

const knownHeaders = new Map(); // building them anew costs more than finding them

/** "name NUL value NUL ..." as Headers. */
function headersOf(wire) {
  const headers = new Headers();
  const list = wire.split('\0');
  for (let i = 0; i + 1 < list.length; i += 2) headers.append(list[i], list[i + 1]);
  return headers;
}

/** The same, for what is sent again and again: nobody may change them. */
function rememberedHeaders(wire) {
  let headers = knownHeaders.get(wire);
  if (headers) return headers;
  headers = headersOf(wire);
  if (wire.length > kMostWire) return headers;
  if (knownHeaders.size >= kMostHeaders) knownHeaders.clear();
  knownHeaders.set(wire, headers);
  return headers;
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

const kNobodyWaits = () => {};

export class Conversation {
  bodies = new Map();
  nextHandle = 1;
  gone = false;
  spawned = [];           // when the flows that this one has begun end
  settle = kNobodyWaits;  // ends the operation under way
  due_ms = Infinity;      // when it has taken too long
  timer = undefined;      // one for all operations: it looks whether the present one is due
  timerDue_ms = Infinity;

  constructor(request, variables) {
    this.request = request; // null for background flows
    this.variables = variables;
    this.response = new Promise((resolve) => { this.answer = resolve; });
    if (!request) return;
    const link = this.link = { conversation: this };
    request.signal.addEventListener('abort', () => link.conversation?.leave());
  }

  leave() {
    this.gone = true;
    this.settle({ status: Status.client_gone });
  }

  /**
   * Nothing is under way any more. The platform's objects (the request's signal among them) live until V8 collects everything, and what hangs
   * on them with them: so nothing does.
   */
  end() {
    clearTimeout(this.timer);
    if (this.link) this.link.conversation = undefined;
    this.request = this.clientBody = this.forwarded = this.response = this.answer = undefined;
    this.settle = kNobodyWaits;
    this.bodies.clear();
  }

  /** The outcome of the operation that `op` describes. All of `op` is read before the first await. */
  perform(op) { return this[kNames[op.kind]](op); }

  // What work(allow) gives, or what comes before it: the time (0 = none; work may allow itself more) or the client's leaving, with number 1
  // when work was not begun for that. Work that fails is Status.failed.
  within(timeout_ms, work) {
    if (this.gone) return { status: Status.client_gone, number: 1 };
    return new Promise((resolve) => {
      this.settle = resolve;
      this.allow(timeout_ms);
      work((more_ms) => { if (this.settle === resolve) this.allow(more_ms); }).then(resolve, () => resolve({ status: Status.failed }));
    });
  }

  /** The operation under way may take so long from now on (0 = as long as it likes). */
  allow(timeout_ms) {
    this.due_ms = timeout_ms > 0 ? Date.now() + timeout_ms : Infinity;
    if (this.due_ms < this.timerDue_ms) this.watch(timeout_ms);
  }

  watch(wait_ms) {
    clearTimeout(this.timer);
    this.timerDue_ms = Date.now() + wait_ms;
    this.timer = setTimeout(() => {
      this.timerDue_ms = Infinity;
      const left_ms = this.due_ms - Date.now();
      if (left_ms <= 0) this.settle({ status: Status.timeout });
      else if (left_ms < Infinity) this.watch(left_ms);
    }, wait_ms);
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
    const url = op.text(1);
    const init = { method: op.text(0), headers: rememberedHeaders(op.text(2)), body: this.bodyOf(op), redirect: 'manual', signal: controller.signal };
    const wanted = op.list(4);
    const outcome = await this.within(op.a, async () => {
      const response = await fetch(url, init);
      const handle = this.nextHandle++;
      this.bodies.set(handle, new UpstreamBody(response, controller));
      let wire = '';
      for (const name of wanted) {
        const value = response.headers.get(name);
        if (value !== null) wire += `${name}\0${value}\0`;
      }
      return { status: Status.ok, number: response.status, handle, data: encoder.encode(wire) };
    });
    if (outcome.status !== Status.ok) controller.abort();
    return outcome;
  }

  bodyOf(op) {
    if (op.b === Body.client) return splice(this.clientBody, op.bytes(3));
    return op.b === Body.bytes ? op.bytes(3).slice() : undefined;
  }

  read_body(op) {
    const [body, limit, piece_ms, end_ms] = [this.bodies.get(op.a), op.b, op.c, op.d > 0 ? Date.now() + op.d : Infinity];
    return this.within(piece_ms, (allow) => body.read(limit, () => allow(Math.max(1, Math.min(piece_ms, end_ms - Date.now())))));
  }

  cancel_body(op) {
    this.bodies.get(op.a)?.cancel();
    this.bodies.delete(op.a);
    return { status: Status.ok };
  }

  respond(op) {
    const [headers, body] = [headersOf(op.text(0)), op.bytes(1).slice()];
    if (op.b === 0) return this.answered(new Response(kNullBodyStatuses.has(op.a) ? null : body, { status: op.a, headers }));
    this.forwarded = new UpstreamBody({ body: null }, new AbortController());
    if (body.length > 0) this.forwarded.held.push(body);
    return this.answered(new Response(this.forwarded.forward(1), { status: op.a, headers }));
  }

  write(op) {
    const bytes = op.bytes(0).slice();
    return this.within(op.a, () => this.forwarded.write(bytes));
  }

  forward(op) {
    this.forwarded = this.bodies.get(op.a);
    return this.answered(this.passing(op, this.forwarded.forward(op.c)));
  }

  forward_head(op) {
    this.forwarded = this.bodies.get(op.a);
    return this.answered(this.passing(op, this.forwarded.open()));
  }

  // The upstream's answer with another body, and headers set and removed.
  passing(op, body) {
    const { source } = this.forwarded;
    const [set, removed] = [op.list(0), op.list(1)];
    const response = new Response(kNullBodyStatuses.has(op.b) ? null : body, { status: op.b, headers: source.headers });
    for (const name of removed) response.headers.delete(name);
    for (let i = 0; i + 1 < set.length; i += 2) response.headers.set(set[i], set[i + 1]);
    return response;
  }

  answered(response) {
    this.isAnswered = true;
    this.answer(response);
    return { status: this.gone ? Status.client_gone : Status.ok };
  }

  observe(op) {
    const isWanted = op.b === 1;
    return this.within(op.a, () => this.forwarded.observe(isWanted));
  }

  async finish(op) {
    const [tail, stops, cuts] = [op.bytes(0).slice(), op.a === 1, op.b === 1];
    const outcome = await this.within(op.c, () => this.forwarded.finish(tail, stops, cuts));
    if (outcome.status === Status.ok) return outcome;
    const data = this.gone ? await this.forwarded.unseen() : undefined;
    this.forwarded.abandon();
    return { status: outcome.status, data };
  }

  cache_get(op) {
    const [limit, url] = [op.a, op.text(0)];
    return this.within(op.b, async () => {
      const found = await caches.default.match(url);
      return found ? new UpstreamBody(found).read(limit) : { status: Status.ok, number: 0 };
    });
  }

  cache_put(op) {
    const [url, headers, body] = [op.text(0), headersOf(op.text(1)), op.bytes(2).slice()];
    return this.within(op.a, async () => {
      await caches.default.put(url, new Response(body, { headers }));
      return { status: Status.ok };
    });
  }

  sleep(op) { return new Promise((resolve) => setTimeout(resolve, op.a, { status: Status.ok })); }

  // What this very step has spawned is begun behind perform(), in the same turn.
  join(op) {
    return this.within(op.a, async () => {
      await null;
      await Promise.all(this.spawned);
      return { status: Status.ok };
    });
  }

  rate_limit(op) {
    const [binding, key] = [this.variables[op.text(0)], op.text(1)];
    return this.within(0, async () => ({ status: Status.ok, number: (await binding.limit({ key })).success ? 1 : 0 }));
  }

  async socket_exchange(op) {
    const [address, secureTransport, limit, bytes] = [{ hostname: op.text(0), port: op.a }, op.b === 1 ? 'on' : 'off', op.c, op.bytes(1).slice()];
    let socket;
    const outcome = await this.within(op.d, async () => {
      const { connect } = await import('cloudflare:sockets');
      socket = connect(address, { secureTransport });
      socket.closed.catch(() => {}); // what is wrong with it is seen by reading
      await socket.writable.getWriter().write(bytes);
      return new UpstreamBody({ body: socket.readable, headers: new Headers() }).read(limit);
    });
    socket?.close().catch(() => {});
    return outcome;
  }

  data_point(op) {
    const binding = this.variables[op.text(0)];
    if (!binding?.writeDataPoint) return { status: Status.failed };
    binding.writeDataPoint({ indexes: [op.text(1)], blobs: op.list(2), doubles: op.list(3).map(Number) });
    return { status: Status.ok };
  }

  random_bytes(op) { return { status: Status.ok, data: crypto.getRandomValues(new Uint8Array(op.a)) }; }
}
