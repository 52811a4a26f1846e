// Puts a pool under load, does one thing to it, and judges what came of it: requests that failed and need not have, counts that were
// lost or doubled in any table, keys that stayed out of service.
import { setTimeout as sleep } from 'node:timers/promises';
import { compare, expectedRows, minus, totals } from './ledger.mjs';
import { Load } from './load.mjs';

const kBefore_ms = 1_500;
const kAfter_ms = 1_500;
const kPatience_ms = 60_000;   // until the counts have arrived, and until the keys are back
const kDoubles_ms = 3_000;     // had anything been counted twice, it would have arrived by then
const kLook_ms = 100;
const kShown = 8;

/** Asks until `isThere(answer)`, or until patience ends; answers the last answer. */
async function eventually(look, isThere) {
  const deadline_ms = Date.now() + kPatience_ms;
  for (;;) {
    const answer = await look();
    if (isThere(answer) || Date.now() > deadline_ms) return answer;
    await sleep(kLook_ms);
  }
}

/** Whether all has arrived that must. */
const isComplete = (expected, counted) => compare(expected, counted).wrong.every(({ least, counted: value }) => value >= least);

/** When every count has arrived that will: at least what is expected, and no more for a while. */
async function arrived(stage, before, expected) {
  await eventually(() => stage.counted(), (now) => isComplete(expected(), minus(now, before)));
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
  await arrived(stage, new Map(), () => expectedRows(load.results, stage.attempts(0), {}));
}

const briefly = ({ status, isStream, place, provider, text }) => ({ status, isStream, place, provider, text });

/** Does this to the pool under load. Answers what the table says of it; `isSound` is the verdict. */
export async function breakAndJudge(stage, fault) {
  const [before, first, calls] = [await stage.counted(), stage.nextAttempt, stage.gate.calls.length];
  const load = new Load(stage, fault.load).start();
  // The load rests until all that it has counted is in the database, and while `act` replaces an isolate: nothing is lost by that.
  stage.atRest = async (act) => {
    await load.stop();
    await eventually(() => stage.counted(), (now) => isComplete(expectedRows(load.results, stage.attempts(first), {}), minus(now, before)));
    const done = await act();
    load.start();
    return done;
  };
  await sleep(kBefore_ms);
  const { more = [], note = '', complaints = [], excuses, mayBeLost, hidesAttempts } = await fault.does(stage) ?? {};
  await sleep(kAfter_ms);
  await load.stop();
  stage.mend();
  const { inService, keys } = await keysInService(stage, load.results);

  const results = [...load.results, ...more];
  const expected = () => expectedRows(results, stage.attempts(first), { mayBeLost, hidesAttempts });
  const counted = await arrived(stage, before, expected);
  const rows = expected();
  const { wrong, compared } = compare(rows, counted);
  const failed = results.filter((result) => !result.success);
  const needless = failed.filter((result) => !excuses?.(result));
  const [most, least, told] = [totals(rows, ([, high]) => high), totals(rows, ([low]) => low), totals(counted, (value) => value)];
  const known = totals(expectedRows(results.filter((result) => !result.isBroken), [], {}), ([, high]) => high);
  const over = wrong.filter((one) => one.counted > one.most && one.figure !== 'failure');
  return { name: fault.name, note, requests: results.length, failed: failed.length, needless: needless.length, expected: known, counted: told, lost: Math.max(0, known.requests - told.requests), atRisk: most.requests - least.requests,
    doubled: over.length, compared, wrong: wrong.slice(0, kShown), wrongFigures: wrong.length, inService, keys, databaseCalls: stage.gate.calls.length - calls, complaints, examples: needless.slice(0, 3).map(briefly),
    isSound: needless.length === 0 && wrong.length === 0 && complaints.length === 0 && inService === keys };
}
