// A body that is read in pieces, held, and passed on. When it is watched, a copy of what passes gathers in a tee while the platform
// itself pipes to the client; the watcher looks now and then, because touching every chunk would cost more than all else together. What
// gathers between two looks is bounded by what passes in that time.
import { Status } from './abi.mjs';

// Room for one read: little at first, since V8 collects for what is asked for, not for what is used.
const kFirstPieceBytes = 4 * 1024;
const kFirstLookBytes = 8 * 1024;
const kPieceBytes = 64 * 1024;
const kLookBytes = 1024 * 1024;
const kAtHand_ms = 5;
const kAtOnce_ms = 1;
const kMostAwaitedBytes = 16 * 1024; // few enough that a body which trickles after a burst is not taken for a silent one
const kNothing = new Uint8Array(0);

function joined(pieces, size) {
  if (pieces.length === 0) return kNothing;
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
  ended = false; // nothing more is to be read of the source

  /** `source`: a Request or Response; `controller` aborts its fetch. */
  constructor(source, controller) {
    this.source = source;
    this.controller = controller;
  }

  /** One piece (limit 0), or all up to `limit` bytes; what is read is held. `hasCome` is called for each piece. */
  async read(limit, hasCome = () => {}) {
    if (limit === 0) return this.keep(await this.piece(this.held.length === 0 ? kFirstPieceBytes : kPieceBytes));
    if (!this.ended && this.isAtMost(limit)) {
      const whole = new Uint8Array(await this.source.arrayBuffer());
      this.ended = true;
      return this.keep(whole);
    }
    const whole = await this.readUpTo(limit, hasCome);
    if (whole.length > limit) return { ...this.keep(whole), status: Status.too_large, data: whole.subarray(0, limit) };
    return this.keep(whole);
  }

  /** Announced to be no longer than that: of what is compressed nobody knows what comes out. */
  isAtMost(limit) {
    const { headers } = this.source;
    return Number(headers.get('content-length') ?? Infinity) <= limit && !headers.has('content-encoding');
  }

  keep(data) {
    if (data.length > 0 && !this.identity) this.held.push(data);
    return { status: Status.ok, number: this.ended ? 1 : 0, data };
  }

  /** The next bytes, at least `min` of them where there are so many; nothing at the end. */
  async piece(room, min = 1) {
    while (!this.ended && this.source.body !== null) {
      this.reader ??= this.source.body.getReader({ mode: 'byob' });
      const { value, done } = await this.reader.read(new Uint8Array(room), { min });
      this.ended = done;
      if (value?.length > 0) return value;
    }
    this.ended = true;
    return kNothing;
  }

  /** All there is, or somewhat more than `limit` bytes of it. */
  async readUpTo(limit, hasCome) {
    const pieces = [];
    let [size, least] = [0, 1];
    while (!this.ended && size <= limit) {
      const asked_ms = Date.now();
      const piece = await this.piece(size === 0 ? kFirstPieceBytes : kPieceBytes, least);
      // What comes at once comes in more than one write: then it is waited for, since each read costs a turn of the event loop.
      least = Date.now() - asked_ms <= kAtOnce_ms ? Math.min(2 * piece.length, kMostAwaitedBytes) || 1 : 1;
      pieces.push(piece);
      hasCome();
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
    this.pipe = this.run(isWatched).catch(() => { this.wasCut = true; }).then(() => { // why is seen by observe(), or by the client's leaving
      this.hasPassed = true;
      this.hurry?.();
    });
    if (!isWatched) this.end();
    return this.identity.readable;
  }

  /** What the client is to read: what write() brings, until finish(). Nothing is held any more. */
  open() {
    this.isFed = true;
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
    this.writer = this.identity.writable.getWriter();
    for (const piece of this.held) await this.writer.write(piece);
    this.writer.releaseLock();
    this.writer = undefined;
    await client?.pipeTo(this.identity.writable, { preventClose: true, preventAbort: true, signal: this.stop.signal });
  }

  /** What has passed since the last look (nothing, if it is not wanted), after at most look_ms. Rejects when the upstream was cut. */
  observe(isWanted) {
    this.looking = this.look(isWanted);
    return this.looking;
  }

  async look(isWanted) {
    if (!this.hasMore) await this.pause();
    if (this.side === undefined) return this.pipe.then(() => ({ status: Status.ok, number: 1 }));
    this.looker ??= this.side.getReader({ mode: 'byob' });
    const pieces = [];
    let size = 0;
    for (;;) {
      const room = size === 0 ? kFirstLookBytes : kPieceBytes;
      const { value, done } = await this.looker.read(new Uint8Array(room)).catch((error) => {
        if (size === 0) throw error;
        return {}; // what had come before is seen; the next look tells of the error
      });
      if (value !== undefined) {
        size += value.length;
        if (isWanted) pieces.push(value);
      }
      const isFull = value?.length === room; // more is at hand
      this.hasMore = isFull && size >= kLookBytes;
      if (!isFull || this.hasMore) return { status: Status.ok, number: done ? 1 : 0, data: joined(pieces, size) };
    }
  }

  /** Until the next look: look_ms, less when all has passed or somebody hurries. */
  pause() {
    if (this.hasPassed) return undefined;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.look_ms);
      this.hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
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

  /** Closes behind all that comes, or cuts where that was cut. What was to be written by others will not come any more: that is cut, too. */
  async end() {
    await this.pipe;
    await this.finish(kNothing, this.isFed, this.wasCut || this.isFed);
  }

  /** Lets go of both sides at once, whatever they are waiting for. */
  abandon() {
    this.stop.abort();
    this.controller.abort();
    this.writer?.abort().catch(() => {});
    this.pipe.then(() => (this.writer ?? this.identity.writable.getWriter()).abort()).catch(() => {});
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
