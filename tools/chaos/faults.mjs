// What is done to a pool under load, one after the other: {name, does(stage, load), excuses(result), ...}. `excuses` says which requests
// may fail for it; without it none may. `mayLose` says how many counts may be lost: those of an isolate that was killed.
import { setTimeout as sleep } from 'node:timers/promises';
import { flood } from './flood.mjs';
import { hasReachedKey } from './load.mjs';
import { SteppedClock } from './stepped_clock.mjs';

const kOutage_ms = 5_000;
const kFlushWindow_ms = 1_000;
const kStep_s = 50 * 60;
const kFlood_s = 8;
const kMostLookUps = 50 + 2 * (kFlood_s + 2); // an isolate's ration: a burst, and two each second
const kLargeBytes = 8 << 20;
const kLargeAtOnce = 6;

const lies = (refusal) => async (stage) => {
  stage.gate.refusal = refusal;
  await sleep(kOutage_ms);
  stage.gate.refusal = null;
};

const fails = (rule) => async (stage) => {
  stage.upstream.faults.add(rule);
  await sleep(kOutage_ms);
  stage.upstream.faults.remove();
};

async function fillMemory(stage) {
  const body = JSON.stringify({ model: 'large', messages: [{ role: 'user', content: 'x'.repeat(kLargeBytes) }] });
  const url = `${stage.isolates[0].url}/v1/embeddings`;
  const ask = async () => {
    const answer = await fetch(url, { method: 'POST', body, headers: { authorization: `Bearer ${stage.token}`, 'content-type': 'application/json' } });
    return { status: answer.status, reachedKey: hasReachedKey(answer, await answer.text()), success: answer.status === 200 };
  };
  const results = await Promise.all(Array.from({ length: kLargeAtOnce }, () => ask().catch(() => null)));
  return results.filter((result) => result?.reachedKey);
}

// What was answered by the isolate that was killed, and had perhaps not been sent to the database yet.
const atRisk = (killed_ms) => (result) => result.place === 0 && result.begun_ms < killed_ms && (result.ended_ms ?? Infinity) > killed_ms - 2 * kFlushWindow_ms;

const steps = (seconds) => async (stage) => {
  const clock = new SteppedClock();
  await stage.atRest(() => stage.replaceIsolate(0, 'SIGTERM', clock.environment));
  await sleep(kOutage_ms / 2);
  clock.step(seconds);
  await sleep(kOutage_ms);
  clock.step(0);
  await sleep(kOutage_ms / 2);
  await stage.atRest(() => stage.replaceIsolate(0, 'SIGTERM'));
  clock.close();
};

// The load comes with a token that is known: it must not notice, and neither must the database.
async function floodWithTokens(stage) {
  const before = stage.gate.count('pool_token');
  const { rate, unexpected } = await flood(stage.isolates[0].url, kFlood_s);
  const lookUps = stage.gate.count('pool_token') - before;
  console.log(`  ${rate} unknown tokens a second, ${lookUps} look-ups in the database, ${unexpected.length} answers that were no refusal`);
  if (lookUps > kMostLookUps || unexpected.length > 0) throw new Error(`the flood got through: ${lookUps} look-ups, ${unexpected.slice(0, 5).join(', ')}`);
}

export const kFaults = [
  { name: 'nothing at all', does: () => sleep(kOutage_ms) },
  { name: 'the database is stopped', async does(stage) {
    await stage.gate.shut();
    await sleep(kOutage_ms);
    await stage.gate.open();
  } },
  { name: 'the database takes 3 s for each call', async does(stage) {
    stage.gate.delay_ms = 3_000;
    await sleep(kOutage_ms);
    stage.gate.delay_ms = 0;
  } },
  { name: 'the database answers 500', does: lies({ status: 500, body: '{"code":"XX000","message":"internal"}' }) },
  { name: 'the database answers 503 with a page', does: lies({ status: 503, body: '<html>busy</html>' }) },
  { name: 'the database answers garbage', does: lies({ status: 200, body: '{"appl' }) },
  { name: 'the database acts, and its answers get lost', async does(stage) {
    stage.gate.losesAnswers = 'pool_record';
    await sleep(kOutage_ms);
    stage.gate.losesAnswers = null;
  } },
  { name: 'the upstream resets every third connection before it answers', does: fails({ fault: 'reset', every: 3 }) },
  { name: 'the upstream stalls on every tenth request', does: fails({ fault: 'stall', every: 10 }) },
  { name: 'the upstream cuts every fifth answer in its middle', does: fails({ fault: 'reset_after', after_events: 4, every: 5 }), excuses: (result) => result.isStream },
  { name: 'the upstream stalls in the middle of every tenth answer', does: fails({ fault: 'stall_after', after_events: 4, every: 10 }), excuses: (result) => result.isStream },
  { name: 'the upstream drips, a few bytes at a time', does: fails({ fault: 'drip', bytes: 64, piece_delay_ms: 1 }) },
  { name: 'the upstream answers 500 to two keys of eight', does: async (stage) => {
    for (const key of stage.keys.slice(0, 2)) stage.upstream.faults.add({ fault: '500', match: { key } });
    await sleep(kOutage_ms);
    stage.upstream.faults.remove();
  } },
  { name: 'clients leave in the middle of a stream', load: { leavingEvery: 4 }, async does(stage) {
    stage.upstream.settings.word_delay_ms = 10;
    await sleep(kOutage_ms);
  } },
  { name: 'the database is stopped while the upstream resets connections', async does(stage) {
    await stage.gate.shut();
    await fails({ fault: 'reset', every: 3 })(stage);
    await stage.gate.open();
  } },
  { name: 'memory is filled: six bodies of 8 MB at once to one isolate', does: fillMemory },
  { name: 'a flood of unknown tokens, as fast as they can be sent', does: floodWithTokens },
  { name: 'an isolate is told to end (SIGTERM), another takes its place', async does(stage) {
    await sleep(kOutage_ms / 2);
    const killed_ms = Date.now();
    await stage.replaceIsolate(0, 'SIGTERM');
    await sleep(kOutage_ms / 2);
    this.mayLose = atRisk(killed_ms);
  }, excuses: (result) => result.place === 0 && result.isBroken },
  { name: 'an isolate is killed outright (SIGKILL), another takes its place', async does(stage) {
    await sleep(kOutage_ms / 2);
    const killed_ms = Date.now();
    await stage.replaceIsolate(0, 'SIGKILL');
    await sleep(kOutage_ms / 2);
    this.mayLose = atRisk(killed_ms);
  }, excuses: (result) => result.place === 0 && result.isBroken },
  { name: 'the clock of an isolate steps 50 minutes forward, then back', does: steps(kStep_s) },
  { name: 'the clock of an isolate steps 50 minutes back, then forward', does: steps(-kStep_s) },
];
