// A body that is read in pieces, held, and passed on. When it is watched, a copy of what passes gathers in a tee while the platform
// itself pipes to the client; the watcher looks now and then, because touching every chunk would cost more than all else together.
import { Status } from './abi.mjs';

const kLookBytes = 64 * 1024;
const kNothing = new Uint8Array(0);

function joined(chunks) {
  if (chunks.length === 1) return chunks[0];
  const out = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  return out;
}

export class UpstreamBody {
  held = [];

  /** `source`: a Request or Response; `controller` aborts its fetch. */
  constructor(source, controller) {
    this.source = source;
    this.controller = controller;
    this.ended = source.body === null;
  }

  /** One piece (limit 0), or all up to `limit` bytes; what is read is held. */
  async read(limit) {
    if (limit > 0 && !this.ended && this.held.length === 0 && Number(this.source.headers.get('content-length') ?? Infinity) <= limit) {
      this.held = [new Uint8Array(await this.source.arrayBuffer())];
      this.ended = true;
    }
    const first = this.held.length;
    let size = limit > 0 ? this.held.reduce((sum, chunk) => sum + chunk.length, 0) : 0;
    while (!this.ended && (limit > 0 ? size <= limit : this.held.length === first)) {
      this.reader ??= this.source.body.getReader({ mode: 'byob' });
      const { value, done } = await this.reader.read(new Uint8Array(kLookBytes));
      if (value?.length > 0) {
        this.held.push(value);
        size += value.length;
      }
      this.ended = done;
    }
    const data = limit > 0 ? joined(this.held) : joined(this.held.slice(first));
    if (limit > 0 && size > limit) return { status: Status.too_large, data: data.subarray(0, limit) };
    return { status: Status.ok, number: this.ended ? 1 : 0, data };
  }

  cancel() {
    this.ended = true;
    this.controller?.abort();
  }

  /** What the client is to read: held pieces, then the rest. With look_ms, observe() follows it and finish() ends it. */
  forward(look_ms, idle_ms) {
    this.look_ms = look_ms;
    this.idle_ms = idle_ms;
    if (look_ms === 0 && this.ended) return joined(this.held);
    if (look_ms === 0 && this.held.length === 0) return this.source.body;
    this.identity = new IdentityTransformStream();
    this.stop = new AbortController();
    this.pipe = this.run().catch(() => { this.pipeFailed = true; });
    if (look_ms === 0) this.pipe.then(() => this.finish(kNothing, false));
    return this.identity.readable;
  }

  async run() {
    this.reader?.releaseLock();
    let client = null;
    if (!this.ended && this.look_ms === 0) client = this.source.body;
    else if (!this.ended) [client, this.side] = this.source.body.tee();
    const writer = this.identity.writable.getWriter();
    for (const chunk of this.held) await writer.write(chunk);
    this.held = [];
    writer.releaseLock();
    await client?.pipeTo(this.identity.writable, { preventClose: true, preventAbort: true, signal: this.stop.signal });
  }

  /** What has passed since the last look, after at most look_ms. */
  async observe() {
    await Promise.race([new Promise((resolve) => setTimeout(resolve, this.look_ms)), this.pipe]);
    if (this.side === undefined) {
      await this.pipe;
      return { status: this.pipeFailed ? Status.client_gone : Status.ok, number: 1 };
    }
    this.looker ??= this.side.getReader({ mode: 'byob' });
    const { value, done } = await this.looker.read(new Uint8Array(this.buffer ?? new ArrayBuffer(kLookBytes)));
    const data = value?.slice() ?? kNothing;
    this.buffer = value?.buffer;
    // The pipe has failed though the upstream goes on: it is the client who does not listen any more.
    return { status: this.pipeFailed && !done ? Status.client_gone : Status.ok, number: done ? 1 : 0, data };
  }

  /** Writes `tail` behind what has passed, and closes. `stops` = the upstream is cut off, not awaited. */
  async finish(tail, stops) {
    if (stops) {
      this.stop.abort();
      this.controller?.abort();
    }
    await this.pipe;
    try {
      const writer = this.identity.writable.getWriter();
      if (tail.length > 0) await writer.write(tail);
      await writer.close();
    } catch {
      // The client has left: there is nobody to write to.
    }
    return { status: Status.ok };
  }
}
