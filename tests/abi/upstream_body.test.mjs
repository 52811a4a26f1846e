// The bodies that the shim keeps, by themselves: bounds that hold whatever is announced, and every piece told of.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Status } from '../../js-shim/abi.mjs';
import { UpstreamBody } from '../../js-shim/upstream_body.mjs';

const kPiece = new Uint8Array(10_000).fill(120);

/** A response whose body comes in pieces. */
function responseOf(pieces, headers = {}, between_ms = 0) {
  const waiting = Array.from({ length: pieces }, () => kPiece.slice());
  const body = new ReadableStream({ type: 'bytes', async pull(controller) {
    if (between_ms > 0) await new Promise((done) => setTimeout(done, between_ms));
    const piece = waiting.shift();
    if (piece) controller.enqueue(piece);
    else {
      controller.close();
      controller.byobRequest?.respond(0);
    }
  } });
  return { body, headers: new Headers(headers), arrayBuffer: () => new Response(body).arrayBuffer() };
}

const bodyOf = (...given) => new UpstreamBody(responseOf(...given), new AbortController());

test('a body within its limit is whole, one past it is not read much further', async () => {
  const whole = await bodyOf(5).read(50_000);
  assert.deepEqual([whole.status, whole.number, whole.data.length], [Status.ok, 1, 50_000]);
  const source = responseOf(500);
  const large = await new UpstreamBody(source, new AbortController()).read(50_000);
  assert.deepEqual([large.status, large.data.length], [Status.too_large, 50_000]);
});

test('an announced length is believed of plain bodies alone: what is compressed may come out larger', async () => {
  const plain = await bodyOf(5, { 'content-length': '50000' }).read(50_000);
  assert.deepEqual([plain.status, plain.data.length], [Status.ok, 50_000]);
  const inflated = await bodyOf(500, { 'content-length': '300', 'content-encoding': 'gzip' }).read(50_000);
  assert.deepEqual([inflated.status, inflated.data.length], [Status.too_large, 50_000]);
});

test('each piece of a body that trickles is told of, so that time limits can follow it; what comes at once is read in larger ones', async () => {
  const toldOf = async (pieces, between_ms) => {
    let told = 0;
    const read = await bodyOf(pieces, {}, between_ms).read(10_000_000, () => { told++; });
    assert.deepEqual([read.status, read.number, read.data.length], [Status.ok, 1, pieces * kPiece.length]);
    return told;
  };
  assert.ok(await toldOf(7, 20) >= 7);
  assert.ok(await toldOf(200, 0) <= 130);
});

test('a response without a body is empty, and at its end', async () => {
  for (const limit of [0, 100]) {
    const read = await new UpstreamBody({ body: null, headers: new Headers(), arrayBuffer: async () => new ArrayBuffer(0) }, new AbortController()).read(limit);
    assert.deepEqual([read.status, read.number, read.data.length], [Status.ok, 1, 0]);
  }
});
