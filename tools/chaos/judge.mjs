// Puts a pool under load, does one thing to it, and judges what came of it: requests that failed and need not have, counts that were
// lost or doubled, keys that stayed out of service.
import { setTimeout as sleep } from 'node:timers/promises';
import { Load, ledgerOf } from './load.mjs';

const kBefore_ms = 1_500;
const kAfter_ms = 1_500;
const kPatience_ms = 60_000;   // until the counts have arrived, and until the keys are back
const kDoubles_ms = 3_000;     // had anything been counted twice, it would have arrived by then
const kLook_ms = 100;

/** Asks until `isThere(answer)`, or until patience ends; answers the last answer. */
async function eventually(look, isThere) {
  const deadline_ms = Date.now() + kPatience_ms;
  for (;;) {
    const answer = await look();
    if (isThere(answer) || Date.now() > deadline_ms) return answer;
    await sleep(kLook_ms);
  }
}

const minus = (after, before) => ({ requests: after.requests - before.requests, success: after.success - before.success, failure: after.failure - before.failure });

/** When every count has arrived that will: at least `requests`, and no more for a while. */
async function arrived(stage, before, requests) {
  await eventually(() => stage.counted(), (now) => now.requests - before.requests >= requests);
  await sleep(kDoubles_ms);
  return minus(await stage.counted(), before);
}

/** A request now and then, so that a key on probation gets its chance, until all keys are in service. */
async function keysInService(stage, ledger) {
  const rows = await eventually(async () => {
    const load = new Load(stage, { rate: 20 }).start();
    await sleep(1_000);
    await load.stop();
    ledger.push(...load.results);
    return stage.keyRows();
  }, (found) => found.every((row) => row.status === 'active'));
  return { inService: rows.filter((row) => row.status === 'active').length, keys: rows.length };
}

/** Every isolate has its keys before anything is broken. */
export async function warmUp(stage) {
  const load = new Load(stage, { rate: 10 }).start();
  await sleep(kBefore_ms);
  await load.stop();
  await arrived(stage, { requests: 0, success: 0, failure: 0 }, ledgerOf(load.results).requests);
}

/** Does this to the pool under load. Answers what the table says of it; `isSound` is the verdict. */
export async function breakAndJudge(stage, fault) {
  const before = await stage.counted();
  const load = new Load(stage, fault.load).start();
  // The load rests until all that it has counted is in the database, and while `act` replaces an isolate: nothing is lost by that.
  stage.atRest = async (act) => {
    await load.stop();
    await eventually(() => stage.counted(), (now) => now.requests - before.requests >= ledgerOf(load.results).requests);
    await act();
    load.start();
  };
  await sleep(kBefore_ms);
  const more = await fault.does(stage) ?? [];
  await sleep(kAfter_ms);
  await load.stop();
  stage.mend();
  const { inService, keys } = await keysInService(stage, load.results);

  const results = [...load.results, ...more];
  const expected = ledgerOf(results);
  const atRisk = fault.mayLose ? ledgerOf(results.filter(fault.mayLose)).requests : 0;
  const counted = await arrived(stage, before, expected.requests - atRisk);
  const failed = load.results.filter((result) => !result.success);
  const needless = failed.filter((result) => !fault.excuses?.(result));
  const lost = Math.max(0, expected.requests - counted.requests);
  const doubled = Math.max(0, counted.requests - expected.requests - failed.filter((result) => result.isBroken).length);
  const isExact = fault.mayLose ? lost <= atRisk : lost === 0 && counted.success === expected.success && counted.failure === expected.failure;
  return { name: fault.name, requests: results.length, failed: failed.length, needless: needless.length, expected, counted, lost, atRisk, doubled, inService, keys,
    examples: needless.slice(0, 3).map(({ status, isStream, place, text }) => ({ status, isStream, place, text })),
    isSound: needless.length === 0 && isExact && doubled === 0 && inService === keys };
}
