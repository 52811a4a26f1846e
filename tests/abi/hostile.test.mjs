// A hostile shim against the real module: random calls with random bytes and numbers, answers of every kind out of turn. Whatever comes in, the
// module neither traps nor hands out a record that leads outside of its memory. Seeded: a failure names the seed that repeats it. The
// same is fuzzed natively under AddressSanitizer (tests/fuzz/boundary_fuzz.cpp).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Operation, Status, Word } from '../../js-shim/abi.mjs';
import { Instance, kNow_ms, kVariables, wireOf } from './module.mjs';

const kSeeds = 150;
const kCalls = 150;
const kKinds = new Set(Object.values(Operation));
const kOddNumbers = [0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, -1, NaN, Infinity, -Infinity, 1e300, 0.5];
const kPaths = ['/', '/health', '/v1/chat/completions', '/api/chat', '/openrouter/v1/messages', '/v1/models', '/admin/stats', '/admin/api-keys/import', '/admin/tokens', '/admin/keys/health-check', '/admin/public-stats', '/metrics', '/%ff%00?provider=%'];
const kAnswers = ['{"model":"m","stream":true,"messages":[]}', '{"keys":["a","b"],"name":"n","model":"m","api_key":"k"}', 'data: {"choices":[]}\n\n', '[', 'null', '{"now_ms":1,"keys":[{}],"token":null}', `{"now_ms":${kNow_ms},"next_since_ms":1,"total":1,"usable":1,"next_ms":null,"models":[],"keys":[{"id":"0123456789abcdef","key":"k","state":"active","refusals":0,"fails":0,"quota":null,"ceiling":null,"reason":null}],"token":null}`];

/** mulberry32: the same numbers for the same seed. */
function randomFrom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return { next, below: (end) => next() % end, one: (list) => list[next() % list.length], bytes: (most) => Uint8Array.from({ length: next() % (most + 1) }, () => next() & 0xff) };
}

/** Every pointer of the record at `pointer` leads into the memory; answers {kind, task, spawned}. */
function checkedRecord(instance, pointer) {
  const { buffer } = instance.exports.memory;
  assert.ok(pointer > 0 && pointer % 4 === 0 && pointer + 4 * Word.words <= buffer.byteLength, `record at ${pointer}`);
  const words = new Uint32Array(buffer, pointer, Word.words);
  assert.ok(kKinds.has(words[Word.kind]), `kind ${words[Word.kind]}`);
  for (let number = 0; number < 5; ++number) {
    const [begin, length] = [words[Word.texts + 2 * number], words[Word.texts + 2 * number + 1]];
    assert.ok(begin + length <= buffer.byteLength, `text ${number}: ${begin}+${length}`);
  }
  const [begin, count] = [words[Word.spawned], words[Word.spawned + 1]];
  assert.ok(begin + 4 * count <= buffer.byteLength && (count === 0 || begin % 4 === 0), `spawned: ${begin}+${count}`);
  return { kind: words[Word.kind], task: words[Word.task], spawned: count === 0 ? [] : [...new Uint32Array(buffer, begin, count)] };
}

class HostileShim {
  waiting = [];

  constructor(seed) {
    this.random = randomFrom(seed);
    this.instance = new Instance();
  }

  handIn(bytes) {
    const pointer = this.instance.exports.ep_reserve(bytes.length);
    assert.notEqual(pointer, 0);
    new Uint8Array(this.instance.exports.memory.buffer, pointer, bytes.length).set(bytes);
  }

  call(name, ...numbers) {
    const { kind, task, spawned } = checkedRecord(this.instance, this.instance.exports[name](...numbers));
    if (kind !== Operation.done) this.waiting.push(task);
    this.waiting.push(...spawned);
  }

  time() { return this.random.below(8) === 0 ? this.random.one(kOddNumbers) : kNow_ms + this.random.below(1e9); }
  task() { return this.random.below(8) === 0 || this.waiting.length === 0 ? this.random.one([...kOddNumbers, this.random.next()]) : this.random.one(this.waiting); }

  request() {
    if (this.random.below(4) === 0) return this.random.bytes(600);
    const { one } = this.random;
    const wire = wireOf([one(['GET', 'POST', 'DELETE', 'PATCH', 'OPTIONS', '']), `http://pool.test${one(kPaths)}`, 'authorization', one([`Bearer ${kVariables.ADMIN_TOKEN}`, 'Bearer x', '']), 'content-type', one(['application/json', 'text/csv', ''])]);
    if (this.random.below(3) === 0) wire[this.random.below(wire.length)] ^= 1 << this.random.below(8);
    return wire;
  }

  answer() {
    if (this.random.below(3) === 0) return this.random.bytes(1500);
    const bytes = new TextEncoder().encode(this.random.one(kAnswers));
    if (this.random.below(3) === 0) bytes[this.random.below(bytes.length)] ^= 1 << this.random.below(8);
    return bytes;
  }

  act() {
    const { random } = this;
    switch (random.below(10)) {
      case 0: case 1: this.handIn(this.request()); return this.call('ep_start', this.time());
      case 2: return this.call('ep_scheduled', this.time());
      case 3: return this.call('ep_begin', this.task(), this.time());
      case 4: if (random.below(4) === 0) this.instance.exports.ep_cancel(this.task()); return undefined;
      case 5: if (random.below(2) === 0) this.handIn(random.bytes(300)); return this.call('ep_adopt', this.time());
      case 6: return this.call('ep_salvage', this.time());
      case 7: {
        const size = random.one(kOddNumbers);
        const pointer = this.instance.exports.ep_reserve(size);
        assert.ok(pointer === 0 || pointer + (size >>> 0) <= this.instance.exports.memory.buffer.byteLength, `room of ${size} at ${pointer}`);
        return undefined;
      }
      default:
        if (random.below(8) > 0) this.handIn(this.answer());
        return this.call('ep_resume', this.task(), this.time(), random.below(6) === 0 ? random.next() : random.one(Object.values(Status)), random.one([0, 1, 200, 404, 429, 500, random.next()]), random.below(4));
    }
  }
}

test('no calls, numbers or bytes make a configured instance trap or lead outside of its memory', () => {
  let calls = 0;
  for (let seed = 1; seed <= kSeeds; ++seed) {
    const shim = new HostileShim(seed);
    for (let i = 0; i < kCalls; ++i, ++calls) {
      try {
        shim.act();
      } catch (error) {
        assert.fail(`seed ${seed}, call ${i}: ${error.stack}`);
      }
    }
    const home = shim.instance.start('GET', 'http://pool.test/');
    assert.deepEqual([home.kind, home.a], [Operation.respond, 200], `seed ${seed}: the instance serves on`);
  }
  assert.equal(calls, kSeeds * kCalls);
});

test('nothing that such calls are answered with holds a secret', () => {
  const secrets = [kVariables.ADMIN_TOKEN, kVariables.SUPABASE_SERVICE_ROLE_KEY];
  for (let seed = 1; seed <= 40; ++seed) {
    const { instance, random } = new HostileShim(seed);
    for (let i = 0; i < 40; ++i) {
      const record = instance.call('ep_start', wireOf([random.one(['GET', 'POST']), `http://pool.test${random.one(kPaths)}`, 'authorization', 'Bearer x', 'x', new TextDecoder('latin1').decode(random.bytes(40).filter(Boolean))]), kNow_ms);
      if (record.kind === Operation.respond) for (const text of record.texts) assert.ok(!secrets.some((secret) => text.includes(secret)), `seed ${seed}`);
    }
    for (const { text } of instance.lines) assert.ok(!secrets.some((secret) => text.includes(secret)), `seed ${seed}`);
  }
});

test('an instance is configured once: another time is a trap, and the counts are still to be had', () => {
  const instance = new Instance();
  assert.throws(() => instance.create(kVariables), WebAssembly.RuntimeError);
  assert.equal(instance.salvage().length, 0);
});

test('a time that is none leaves the clock as it stands', () => {
  const instance = new Instance();
  const stamp = (now_ms) => JSON.parse(instance.call('ep_start', wireOf(['GET', 'http://pool.test/']), now_ms).texts[1]).timestamp;
  const before = stamp(kNow_ms);
  for (const now_ms of [NaN, Infinity, -1, 8.64e15 + 1]) assert.equal(stamp(now_ms), before, String(now_ms));
  assert.equal(stamp(8.64e15 - 1) === before, false);
});
