// What comes in over the boundary that should not: too much, too late, for nobody; and what is left of an instance that died.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Operation, Status } from '../../js-shim/abi.mjs';
import { Instance, kNow_ms, kVariables, wireOf } from './module.mjs';

const kMiB = 1 << 20;
const kUrl = 'http://pool.test/v1/chat/completions';
const kToken = { authorization: 'Bearer client-token', 'content-type': 'application/json' };
const text = (record, number) => record.texts[number].toString();

/** Brings a fresh instance to where a request waits for its key's answer; answers the record of that fetch. */
function untilUpstream(instance) {
  const first = instance.start('POST', kUrl, kToken);
  assert.equal(first.kind, Operation.fetch);
  assert.match(text(first, 1), /\/rpc\/pool_take$/);
  const take = { now_ms: kNow_ms, next_since_ms: kNow_ms, total: 1, usable: 1, next_ms: null, models: [],
    keys: [{ id: '0123456789abcdef', key: 'key-of-the-abi-tests', state: 'active', refusals: 0, fails: 0, quota: null, ceiling: null, reason: null }],
    token: { hash: JSON.parse(text(first, 3)).p.token_hash, name: 't', disabled: false, expires_ms: null, limits: null, used: null } };
  const answered = instance.resume(first.task, { number: 200, handle: 1 });
  assert.equal(answered.kind, Operation.read_body);
  const body = instance.resume(first.task, { number: 1, data: JSON.stringify(take) });
  assert.equal(body.kind, Operation.read_request_body);
  const upstream = instance.resume(first.task, { data: '{"model":"m","messages":[]}' });
  assert.equal(upstream.kind, Operation.fetch);
  assert.match(text(upstream, 1), /ollama\.com\/v1\/chat\/completions$/);
  return upstream;
}

test('room is given up to the limit and refused one past it, without harm', () => {
  const instance = new Instance();
  const limit = 33 * kMiB;
  assert.notEqual(instance.exports.ep_reserve(limit), 0);
  assert.equal(instance.exports.ep_reserve(limit + 1), 0);
  assert.equal(instance.exports.ep_reserve(0xffffffff), 0);
  assert.equal(instance.start('GET', 'http://pool.test/').kind, Operation.respond);
});

test('room that the memory has no place for is refused, and smaller requests go on', () => {
  const instance = new Instance();
  const { memory } = instance.exports;
  memory.grow((64 * kMiB - memory.buffer.byteLength) / 65536 - 1);
  // What was grown past the allocator is lost to it: nothing large fits any more.
  assert.equal(instance.exports.ep_reserve(33 * kMiB), 0);
  assert.equal(instance.start('GET', 'http://pool.test/').kind, Operation.respond);
});

test('an administrator\'s body of millions of values is refused, one with as many as there may be is read, and the instance lives', () => {
  const admin = { authorization: `Bearer ${kVariables.ADMIN_TOKEN}`, 'content-type': 'application/json' };
  const kMost = 250_000;
  const list = (element, count) => `{"ids":[${`${element},`.repeat(count - 1)}${element}]}`;
  for (const [body, problem] of [[list('0', 12 * kMiB), /more than 250000 values/], [list('[[]]', 4 * kMiB), /more than 250000 values/], [list('{"a":[]}', 2 * kMiB), /more than 250000 values/],
    [list('0', kMost - 2), /name/], [list('{"a":[]}', kMost / 3 - 2), /name/], [list(`"${'x'.repeat(80)}"`, kMost - 2), /name/]]) {
    const instance = new Instance();
    const asked = instance.start('POST', 'http://pool.test/admin/tokens', admin);
    assert.equal(asked.kind, Operation.read_request_body);
    const answer = instance.resume(asked.task, { data: body });
    assert.deepEqual([answer.kind, answer.a], [Operation.respond, 400], body.slice(0, 30));
    assert.match(text(answer, 1), problem);
    assert.equal(instance.start('GET', 'http://pool.test/').kind, Operation.respond);
  }
});

test('a database\'s answer of millions of values is refused, one with as many as there may be is read, and the instance lives', () => {
  for (const [body, code] of [[`[${'0,'.repeat(7 * kMiB)}0]`, 502], [`[${'{"a":[]},'.repeat(kMiB)}0]`, 502], [`[${`"${'x'.repeat(56)}",`.repeat(249_990)}0]`, 502]]) {
    const instance = new Instance();
    const first = instance.start('POST', kUrl, kToken);
    instance.resume(first.task, { number: 200, handle: 1 });
    const answer = instance.resume(first.task, { number: 1, data: body });
    assert.deepEqual([answer.kind, answer.a], [Operation.respond, code], body.slice(0, 30));
    assert.equal(instance.start('GET', 'http://pool.test/').kind, Operation.respond);
  }
});

test('memory that grows under a call leaves old views empty and new ones whole', () => {
  const instance = new Instance();
  const before = new Uint8Array(instance.exports.memory.buffer);
  const body = `{"model":"m","pad":"${'x'.repeat(8 * kMiB)}","messages":[]}`;
  const upstream = untilUpstream(instance);
  assert.equal(instance.resume(upstream.task, { status: Status.failed }).kind, Operation.respond);
  const second = instance.start('POST', kUrl, kToken);
  assert.equal(second.kind, Operation.read_request_body);
  instance.resume(second.task, { data: body });
  assert.equal(before.length, 0);
  const home = instance.start('GET', 'http://pool.test/');
  assert.equal(home.a, 200);
  assert.match(text(home, 1), /"service":"edgepool"/);
});

test('an outcome for a task that never was, or has ended, is a task that is done', () => {
  const instance = new Instance();
  assert.equal(instance.resume(4711).kind, Operation.done);
  const home = instance.start('GET', 'http://pool.test/');
  assert.equal(instance.resume(home.task).kind, Operation.done);
  assert.equal(instance.resume(home.task, { data: 'late' }).kind, Operation.done);
  assert.equal(instance.call('ep_begin', undefined, 4711, kNow_ms).kind, Operation.done);
  instance.exports.ep_cancel(4711);
});

test('an outcome of an unknown status counts as failed', () => {
  const instance = new Instance();
  const first = instance.start('POST', kUrl, kToken);
  const next = instance.resume(first.task, { status: 99 });
  assert.equal(next.kind, Operation.respond);
  assert.equal(next.a, 503);
});

test('outcomes made of garbage end in an answer, whatever they hold', () => {
  const garbage = [new Uint8Array(0), new Uint8Array(5000).fill(0xff), '{"keys":', '[]', 'null', '{"keys":[{"id":1}],"token":7}', '\0\0\0', '{"now_ms":1e999}'];
  for (const data of garbage) {
    const instance = new Instance();
    const first = instance.start('POST', kUrl, kToken);
    let record = instance.resume(first.task, { number: 200, handle: 0xffffffff, data });
    for (let step = 0; step < 20 && record.kind !== Operation.respond; ++step) {
      record = instance.resume(first.task, { number: step === 0 ? 1 : 0xffffffff, handle: 7, data });
    }
    assert.equal(record.kind, Operation.respond);
    assert.ok(record.a >= 400 && record.a < 600, String(record.a));
  }
});

test('a request that is not a request is answered, not believed', () => {
  for (const wire of [[], ['GET'], ['GET', 'no url'], ['', ''], ['G\nET', 'http://x/\r\n']]) {
    const instance = new Instance();
    const record = instance.call('ep_start', wireOf(wire), kNow_ms);
    assert.equal(record.kind, Operation.respond, JSON.stringify(wire));
    assert.ok(record.a >= 400, JSON.stringify(wire));
  }
});

test('a clock that stands still, goes back or is no number stops nothing', () => {
  for (const now_ms of [0, -1, kNow_ms - 1e9, NaN, Infinity]) {
    const instance = new Instance();
    const upstream = untilUpstream(instance);
    assert.equal(instance.resume(upstream.task, { status: Status.timeout, now_ms }).kind, Operation.respond);
  }
});

test('a call before the instance was configured is a trap that can be caught, and leaves nothing to salvage', () => {
  const instance = new Instance(null);
  assert.throws(() => instance.start('GET', 'http://pool.test/'), WebAssembly.RuntimeError);
  assert.throws(() => instance.salvage(), WebAssembly.RuntimeError);
});

test('a task that is cancelled in the middle is gone', () => {
  const instance = new Instance();
  const upstream = untilUpstream(instance);
  instance.exports.ep_cancel(upstream.task);
  assert.equal(instance.resume(upstream.task, { number: 200, handle: 2 }).kind, Operation.done);
});

test('an instance that trapped in mid-call leaves its counts, and the next one sends them under the same batch', () => {
  const dying = new Instance();
  const upstream = untilUpstream(dying);
  const trap = dying.trapIn(() => dying.resume(upstream.task, { number: 200, handle: 2, data: wireOf(['content-type', 'application/json']) }));
  assert.ok(trap instanceof WebAssembly.RuntimeError, String(trap));
  const left = dying.salvage();
  const [provider, batch, argumentsText] = left.toString().split('\0');
  assert.equal(provider, 'ollama');
  const [model] = JSON.parse(argumentsText).models;
  assert.deepEqual([model.model, model.requests, model.success, model.failure], ['m', 1, 0, 1]);

  const heir = new Instance();
  const adopted = heir.call('ep_adopt', left, kNow_ms);
  assert.equal(adopted.spawned.length, 1);
  const sleeping = heir.call('ep_begin', undefined, adopted.spawned[0], kNow_ms);
  assert.equal(sleeping.kind, Operation.sleep);
  const sending = heir.resume(sleeping.task);
  assert.equal(sending.kind, Operation.fetch);
  assert.match(text(sending, 1), /\/rpc\/pool_record$/);
  assert.equal(JSON.parse(text(sending, 3)).p.batch, batch);
});

test('what is adopted may be garbage', () => {
  for (const wire of ['x', 'ollama\0', 'ollama\0batch\0', 'nobody\0batch\0{}\0', '\0\0\0\0']) {
    const instance = new Instance();
    assert.equal(instance.call('ep_adopt', new TextEncoder().encode(wire), kNow_ms).kind, Operation.done);
    assert.equal(instance.start('GET', 'http://pool.test/').kind, Operation.respond);
  }
});

test('ten thousand requests leave the memory as large as a thousand did', () => {
  const instance = new Instance();
  const upstream = untilUpstream(instance);
  instance.resume(upstream.task, { status: Status.failed });
  let after_thousand = 0;
  for (let i = 0; i < 10_000; ++i) {
    const record = instance.start('POST', kUrl, { authorization: 'Bearer client-token' });
    const answer = instance.resume(record.task, { data: '{"messages":[]}' });
    assert.equal(answer.a, 400);
    instance.resume(record.task);
    if (i === 1000) after_thousand = instance.exports.memory.buffer.byteLength;
  }
  assert.equal(instance.exports.memory.buffer.byteLength, after_thousand);
});

test('the variables are taken as they are: a value with a line break or none at all', () => {
  const instance = new Instance({ ...kVariables, EMPTY: '', ODD: 'a\nb=c' });
  assert.equal(instance.start('GET', 'http://pool.test/').kind, Operation.respond);
});
