// A body that is read in pieces, held, and passed on. When it is watched, a copy of what passes gathers in a tee while the platform
// itself pipes to the client; the watcher looks now and then, because touching every chunk would cost more than all else together.
import { Status } from './abi.mjs';

const kPieceBytes = 64 * 1024;
const kAtHand_ms = 5;
const kNothing = new Uint8Array(0);

function joined(pieces, size) {
  if (pieces.length === 1) return pieces[0];
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

export class UpstreamBody {
  held = [];
  wasCut = false;

  /** `source`: a Request or Response; `controller` aborts its fetch. */
  constructor(source, controller) {
    this.source = source;
    this.controller = controller;
    this.ended = source.body === null;
  }

  /** One piece (limit 0), or all up to `limit` bytes; what is read is held. */
  async read(limit) {
    if (limit === 0) return this.keep(await this.piece());
    if (!this.ended && Number(this.source.headers.get('content-length') ?? Infinity) <= limit) {
      const whole = new Uint8Array(await this.source.arrayBuffer());
      this.ended = true;
      return this.keep(whole);
    }
    const whole = await this.readUpTo(limit);
    if (whole.length > limit) return { ...this.keep(whole), status: Status.too_large, data: whole.subarray(0, limit) };
    return this.keep(whole);
  }

  keep(data) {
    if (data.length > 0 && !this.identity) this.held.push(data);
    return { status: Status.ok, number: this.ended ? 1 : 0, data };
  }

  async piece() {
    while (!this.ended) {
      this.reader ??= this.source.body.getReader({ mode: 'byob' });
      const { value, done } = await this.reader.read(new Uint8Array(kPieceBytes));
      this.ended = done;
      if (value?.length > 0) return value;
    }
    return kNothing;
  }

  /** All there is, or somewhat more than `limit` bytes of it. */
  async readUpTo(limit) {
    const pieces = [];
    let size = 0;
    while (!this.ended && size <= limit) {
      const piece = await this.piece();
      pieces.push(piece);
      size += piece.length;
    }
    return joined(pieces, size);
  }

  cancel() {
    this.ended = true;
    this.controller.abort();
  }

  /** What the client is to read: held pieces, then the rest. With look_ms, observe() follows it and finish() ends it. */
  forward(look_ms) {
    const isWatched = look_ms > 0;
    if (!isWatched && this.ended) return this.held.length === 1 ? this.held[0] : new Blob(this.held);
    if (!isWatched && this.held.length === 0) return this.source.body;
    this.look_ms = look_ms;
    this.identity = new IdentityTransformStream();
    this.stop = new AbortController();
    this.pipe = this.run(isWatched).catch(() => { this.wasCut = true; }); // why is seen by observe(), or by the client's leaving
    if (!isWatched) this.end();
    return this.identity.readable;
  }

  /** What the client is to read: what write() brings, until finish(). Nothing is held any more. */
  open() {
    this.held = [];
    this.identity = new IdentityTransformStream();
    this.stop = new AbortController();
    this.pipe = Promise.resolve();
    return this.identity.readable;
  }

  async run(isWatched) {
    this.reader?.releaseLock();
    let client = this.ended ? null : this.source.body;
    if (client && isWatched) [client, this.side] = client.tee();
    const writer = this.identity.writable.getWriter();
    for (const piece of this.held) await writer.write(piece);
    writer.releaseLock();
    await client?.pipeTo(this.identity.writable, { preventClose: true, preventAbort: true, signal: this.stop.signal });
  }

  /** What has passed since the last look, after at most look_ms. Rejects when the upstream was cut. */
  observe() {
    this.looking = this.look();
    return this.looking;
  }

  async look() {
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, this.look_ms);
      this.hurry = () => {
        clearTimeout(timer);
        resolve();
      };
      this.pipe.then(this.hurry);
    });
    if (this.side === undefined) return this.pipe.then(() => ({ status: Status.ok, number: 1 }));
    this.looker ??= this.side.getReader({ mode: 'byob' });
    const { value, done } = await this.looker.read(new Uint8Array(kPieceBytes));
    return { status: Status.ok, number: done ? 1 : 0, data: value };
  }

  /** What the look under way would still see, as far as it is at hand. */
  async unseen() {
    this.hurry?.();
    const look = await Promise.race([this.looking, new Promise((resolve) => setTimeout(resolve, kAtHand_ms))]).catch(() => undefined);
    return look?.data;
  }

  /** Writes behind what has passed, and waits until it is taken. */
  async write(bytes) {
    await this.pipe;
    this.writer ??= this.identity.writable.getWriter();
    await this.writer.write(bytes);
    return { status: Status.ok };
  }

  /** Closes behind all that comes, or cuts where that was cut. */
  async end() {
    await this.pipe;
    await this.finish(kNothing, false, this.wasCut);
  }

  /** Writes `tail` behind what has passed, and closes, or cuts. `stops` = the upstream is cut off, not awaited. */
  async finish(tail, stops, cuts) {
    if (stops) {
      this.stop.abort();
      this.controller.abort();
    }
    await this.pipe;
    try {
      this.writer ??= this.identity.writable.getWriter();
      if (tail.length > 0) await this.writer.write(tail);
      if (cuts) await this.writer.abort();
      else await this.writer.close();
    } catch {
      // The client has left: there is nobody to write to.
    }
    return { status: Status.ok };
  }
}
