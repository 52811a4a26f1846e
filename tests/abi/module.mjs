// The module as the shim uses it: instances with a log that is kept, calls with bytes, and the records they return.
import { readFileSync } from 'node:fs';
import { Word } from '../../js-shim/abi.mjs';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
export const kBytes = readFileSync(new URL('../../dist/edgepool.wasm', import.meta.url));
export const kModule = new WebAssembly.Module(kBytes);
export const kNow_ms = 1_800_000_000_000;

export const kVariables = { ADMIN_TOKEN: 'admin-of-the-abi-tests', SUPABASE_REST_URL: 'http://127.0.0.1:9/rest/v1', SUPABASE_SERVICE_ROLE_KEY: 'sb_secret_abi' };

export const wireOf = (texts) => encoder.encode(texts.map((text) => `${text}\0`).join(''));

export class Instance {
  lines = [];

  constructor(variables = kVariables) {
    const log = (isError, pointer, length) => this.lines.push({ isError: isError === 1, text: decoder.decode(new Uint8Array(this.exports.memory.buffer, pointer, length)) });
    this.exports = new WebAssembly.Instance(kModule, { env: { log } }).exports;
    this.exports._initialize();
    if (variables) this.create(variables);
  }

  create(variables) {
    const wire = wireOf(Object.entries(variables).flat());
    const incoming = new Uint8Array(32 + wire.length);
    incoming.set(wire, 32);
    return this.call('ep_create', incoming, kNow_ms);
  }

  call(name, incoming, ...numbers) {
    if (incoming?.length > 0) {
      const pointer = this.exports.ep_reserve(incoming.length);
      if (pointer === 0) throw new RangeError('no room');
      new Uint8Array(this.exports.memory.buffer, pointer, incoming.length).set(incoming);
    }
    return this.read(this.exports[name](...numbers));
  }

  /** A copy of the record at `pointer`: {kind, task, a, b, c, d, texts: [Buffer], spawned: [task]}. */
  read(pointer) {
    const words = new Uint32Array(this.exports.memory.buffer, pointer, Word.words).slice();
    const bytes = (at) => Buffer.from(new Uint8Array(this.exports.memory.buffer, words[at], words[at + 1]));
    return { kind: words[Word.kind], task: words[Word.task], a: words[Word.a], b: words[Word.b], c: words[Word.c], d: words[Word.d],
      texts: [0, 1, 2, 3, 4].map((number) => bytes(Word.texts + 2 * number)),
      spawned: Array.from(new Uint32Array(this.exports.memory.buffer, words[Word.spawned], words[Word.spawned + 1])) };
  }

  start(method, url, headers = {}) {
    return this.call('ep_start', wireOf([method, url, ...Object.entries(headers).flat()]), kNow_ms);
  }

  resume(task, { status = 0, number = 0, handle = 0, data, now_ms = kNow_ms } = {}) {
    return this.call('ep_resume', typeof data === 'string' ? encoder.encode(data) : data, task, now_ms, status, number, handle);
  }

  /** Runs into the end of the stack, as a recursion without end would: a real trap in the middle of a call. */
  trapIn(call) {
    const top = this.exports.__stack_pointer.value;
    this.exports.__stack_pointer.value = 64;
    try {
      call();
      return null;
    } catch (error) {
      return error;
    } finally {
      this.exports.__stack_pointer.value = top;
    }
  }

  salvage() {
    return this.call('ep_salvage', undefined, kNow_ms).texts[0];
  }
}
