// One Wasm instance of the core: copies bytes in, reads the returned record out, and notices when the instance has died.
// A view into Wasm memory never outlives a call, since any call may grow the memory.
import module from '../dist/edgepool.wasm';
import { Status, Word } from './abi.mjs';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const kNothing = new Uint8Array(0);
const kNone = Object.freeze([]);

/** A variable as text: what wrangler.toml holds as a number or a table comes as JSON. A binding to something else is none. */
function textOf(value) {
  if (typeof value === 'string') return value;
  const isJson = value !== null && (typeof value !== 'object' || Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype);
  return isJson ? JSON.stringify(value) : undefined;
}

/** What a call returned: numbers and texts, to be read before the next call. */
class Returned {
  constructor(memory, pointer) {
    this.memory = memory;
    const words = new Uint32Array(memory.buffer, pointer, Word.words);
    this.words = words;
    this.kind = words[Word.kind];
    this.task = words[Word.task];
    this.a = words[Word.a];
    this.b = words[Word.b];
    this.c = words[Word.c];
    this.d = words[Word.d];
  }
  bytes(number) {
    const at = Word.texts + 2 * number;
    return new Uint8Array(this.memory.buffer, this.words[at], this.words[at + 1]);
  }
  text(number) { return decoder.decode(this.bytes(number)); }
  // "name NUL value NUL ..." or "name NUL ..." as an array of strings.
  list(number) {
    const names = this.text(number).split('\0');
    names.length -= 1;
    return names;
  }
  spawned() {
    const count = this.words[Word.spawned + 1];
    return count === 0 ? kNone : Array.from(new Uint32Array(this.memory.buffer, this.words[Word.spawned], count));
  }
}

export class Core {
  dead = false;
  salvaged = kNothing; // unsent counts, once dead

  constructor(variables) {
    this.variables = variables;
    const ignored = new Proxy({}, { get: () => () => 0 }); // what Emscripten's libc imports and never needs
    const log = (isError, pointer, length) => console[isError ? 'error' : 'log'](decoder.decode(new Uint8Array(this.exports.memory.buffer, pointer, length)));
    this.exports = new WebAssembly.Instance(module, { env: { log, emscripten_notify_memory_growth() {} }, wasi_snapshot_preview1: ignored }).exports;
    this.exports._initialize?.();
    this.stackTop = this.exports.__stack_pointer?.value;
    const wire = Object.entries(variables).map(([name, value]) => [name, textOf(value)]).filter(([, text]) => text !== undefined).map(([name, text]) => `${name}\0${text}\0`).join('');
    const text = encoder.encode(wire);
    const incoming = new Uint8Array(32 + text.length);
    crypto.getRandomValues(incoming.subarray(0, 32));
    incoming.set(text, 32);
    this.call('ep_create', incoming, Date.now());
  }

  /** Calls an export, with `incoming` bytes at its disposal; null when there is no room for them. Throws when the instance dies of it. */
  call(name, incoming, ...numbers) {
    try {
      if (incoming.length > 0) {
        const pointer = this.exports.ep_reserve(incoming.length);
        if (pointer === 0) return null;
        new Uint8Array(this.exports.memory.buffer, pointer, incoming.length).set(incoming);
      }
      return new Returned(this.exports.memory, this.exports[name](...numbers));
    } catch (error) {
      this.die(error);
      throw error;
    }
  }

  start(request) {
    let wire = `${request.method}\0${request.url}\0`;
    request.headers.forEach((value, name) => { wire += `${name}\0${value}\0`; });
    return this.call('ep_start', encoder.encode(wire), Date.now());
  }

  scheduled() { return this.call('ep_scheduled', kNothing, Date.now()); }
  begin(task) { return this.call('ep_begin', kNothing, task, Date.now()); }
  adopt(salvaged) { return this.call('ep_adopt', salvaged, Date.now()); }

  /** A flow whose outcome will never come. */
  cancel(task) {
    if (this.dead) return;
    try {
      this.exports.ep_cancel(task);
    } catch (error) {
      this.die(error);
    }
  }

  resume(task, { status, number = 0, handle = 0, data = kNothing }) {
    const returned = this.call('ep_resume', data, task, Date.now(), status, number, handle);
    return returned ?? this.call('ep_resume', kNothing, task, Date.now(), Status.no_room, 0, handle);
  }

  // A trap: destructors did not run, so nothing but the counts is taken over, and the instance is never used again.
  die(error) {
    if (this.dead) return;
    this.dead = true;
    console.error(JSON.stringify({ event: 'trap', error: String(error) }));
    try {
      if (this.stackTop !== undefined) this.exports.__stack_pointer.value = this.stackTop;
      this.salvaged = new Returned(this.exports.memory, this.exports.ep_salvage(Date.now())).bytes(0).slice();
    } catch (again) {
      console.error(JSON.stringify({ event: 'salvage_failed', error: String(again) }));
    }
  }
}
