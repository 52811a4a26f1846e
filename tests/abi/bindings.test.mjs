// The platform's bindings as the shim uses them: a data point's places of blobs and numbers are the core's choice, and so is what is asked of a
// rate.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Status } from '../../js-shim/abi.mjs';
import { Conversation } from '../../js-shim/conversation.mjs';

/** An operation as the core describes it: its texts by number. */
function operation(...texts) {
  return { text: (number) => texts[number], list: (number) => texts[number].split('\0').slice(0, -1) };
}

test('a data point reaches the binding that the core names, with its texts and numbers in their order', () => {
  const points = [];
  const conversation = new Conversation(null, { ANALYTICS: { writeDataPoint: (point) => points.push(point) } });
  const outcome = conversation.data_point(operation('ANALYTICS', 'abcd1234', 'ollama\0\0chat\0', '200\x002\x0015\0'));
  assert.equal(outcome.status, Status.ok);
  assert.deepEqual(points, [{ indexes: ['abcd1234'], blobs: ['ollama', '', 'chat'], doubles: [200, 2, 15] }]);
});

test('without such a binding the operation fails, and nothing else happens', () => {
  for (const variables of [{}, { ANALYTICS: 'a text' }]) {
    assert.equal(new Conversation(null, variables).data_point(operation('ANALYTICS', '-', '', '')).status, Status.failed);
  }
});

test('a rate is asked by binding and key, and the answer is a number', async () => {
  const asked = [];
  const limit = async ({ key }) => { asked.push(key); return { success: key === 'within' }; };
  const conversation = new Conversation(null, { RATE_LIMIT_100_60: { limit } });
  assert.deepEqual(await conversation.rate_limit(operation('RATE_LIMIT_100_60', 'within')), { status: Status.ok, number: 1 });
  assert.deepEqual(await conversation.rate_limit(operation('RATE_LIMIT_100_60', 'past')), { status: Status.ok, number: 0 });
  assert.deepEqual(asked, ['within', 'past']);
});

test('a rate-limiting binding that is none, or that fails, is a failure for the core to judge', async () => {
  for (const variables of [{}, { RATE_LIMIT_100_60: 'a text' }, { RATE_LIMIT_100_60: { limit: async () => { throw new Error('no'); } } }]) {
    assert.equal((await new Conversation(null, variables).rate_limit(operation('RATE_LIMIT_100_60', 'k'))).status, Status.failed);
  }
});
