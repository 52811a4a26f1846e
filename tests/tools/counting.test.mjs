// npm test counts what really ran: a crash, silence or an empty suite is never a success.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countOfCatch2, countOfNodeTests, judge } from '../../tools/test_suites.mjs';

test("Catch2's reports give their test cases", () => {
  assert.deepEqual(countOfCatch2('All tests passed (120 assertions in 7 test cases)\n'), { passed: 7, failed: 0 });
  assert.deepEqual(countOfCatch2('All tests passed (1 assertion in 1 test case)\n'), { passed: 1, failed: 0 });
  assert.deepEqual(countOfCatch2('test cases: 12 | 9 passed | 3 failed\nassertions: 40 | 37 passed | 3 failed\n'), { passed: 9, failed: 3 });
  assert.deepEqual(countOfCatch2('test cases: 1 | 1 failed\n'), { passed: 0, failed: 1 });
  assert.deepEqual(countOfCatch2('No tests ran\n'), { passed: 0, failed: 0 });
  assert.equal(countOfCatch2('seeds 1..300: no violation\n'), null);
});

test('a node suite is counted by its last closing line', () => {
  assert.deepEqual(countOfNodeTests('✔ fine\n3 passed, 1 failed\nmore\n10 passed, 2 failed\n'), { passed: 10, failed: 2 });
  assert.equal(countOfNodeTests('a test named "3 passed, 1 failed" is no closing line\n'), null);
});

test('a suite that ran nothing has failed', () => {
  assert.deepEqual(judge({ passed: 0, failed: 0 }, 0, false), { passed: 0, failed: 1 });
  assert.deepEqual(judge(null, 0, false), { passed: 0, failed: 1 });
});

test('a crash after passing tests has failed', () => {
  assert.deepEqual(judge({ passed: 5, failed: 0 }, 134, false), { passed: 5, failed: 1 });
  assert.deepEqual(judge({ passed: 5, failed: 2 }, 1, false), { passed: 5, failed: 2 });
});

test('a program without a report is one test', () => {
  assert.deepEqual(judge(null, 0, true), { passed: 1, failed: 0 });
  assert.deepEqual(judge(null, 3, true), { passed: 0, failed: 1 });
});
