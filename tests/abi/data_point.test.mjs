// A data point as the shim hands it to the platform's binding: the places of blobs and numbers are the core's choice.
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
