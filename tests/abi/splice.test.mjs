// The client's body with the splices that the core asks for, put together by the shim.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splice } from '../../js-shim/conversation.mjs';

const encoder = new TextEncoder();
const kBody = encoder.encode('{"model":"m", "é":1}');

/** [offset, bytes removed, text inserted]* as it crosses the boundary, at an odd offset of a larger buffer as in Wasm memory. */
function wireOf(splices) {
  const records = splices.map(([offset, removed, text]) => {
    const inserted = encoder.encode(text);
    const record = Buffer.alloc(12 + inserted.length);
    record.writeUInt32LE(offset, 0);
    record.writeUInt32LE(removed, 4);
    record.writeUInt32LE(inserted.length, 8);
    record.set(inserted, 12);
    return record;
  });
  const wire = Buffer.concat(records);
  const memory = new Uint8Array(wire.length + 7);
  memory.set(wire, 3);
  return memory.subarray(3, 3 + wire.length);
}

const spliced = async (splices) => new Response(splice(kBody, wireOf(splices))).text();

test('without splices the body is the very same bytes', () => {
  assert.equal(splice(kBody, new Uint8Array(0)), kBody);
});

test('one splice puts its bytes where it says, in the place of what it removes', async () => {
  assert.equal(await spliced([[10, 1, 'other']]), '{"model":"other", "é":1}');
  assert.equal(await spliced([[0, 0, '<']]), '<{"model":"m", "é":1}');
  assert.equal(await spliced([[kBody.length, 0, '漢']]), '{"model":"m", "é":1}漢');
  assert.equal(await spliced([[0, kBody.length, '']]), '');
});

test('several splices count their offsets in the body as the client sent it', async () => {
  assert.equal(await spliced([[1, 0, '"a":0,'], [10, 1, 'x'], [kBody.length - 1, 0, ',"z":9']]), '{"a":0,"model":"x", "é":1,"z":9}');
});

test('what is inserted is a copy: it stays as it is when the memory changes', async () => {
  const wire = wireOf([[10, 1, 'kept']]);
  const result = splice(kBody, wire);
  wire.fill(0);
  assert.equal(await new Response(result).text(), '{"model":"kept", "é":1}');
});
