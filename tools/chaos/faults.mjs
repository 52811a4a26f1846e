// What is done to a pool under load, one after the other: {name, does(stage), load?}. does() answers what the judge is to know of it:
// `excuses(result)`: this request may have failed for it; without it none may. `mayBeLost(result)`: the database may know nothing of it, since
// its isolate was killed. `more`: results of requests of its own. `complaints`: what else is not as it must be; a fault that did not take is one.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { flood } from './flood.mjs';
import { sendLarge } from './load.mjs';
import { SteppedClock } from './stepped_clock.mjs';

const kOutage_ms = 5_000;
const kUpstreamOutage_ms = 4_000;
const kIncidentPause_ms = 4_500; // where nearly every key fails, requests fail fast, and one tries again after 2 s, then 4 s: so long after such an outage it may go on
const kNever_ms = 3_600_000;
// An isolate sends what it has counted once in a window (src/base/limits.hpp). What is counted while the call of one window is under way goes
// with the next, which may be under way itself: two calls to a database on the same machine, which is busy.
const kFlushWindow_ms = 1_000;
const kTwoCalls_ms = 300;
const kStep_s = 50 * 60;
const kStepSlack_s = 5;
const kFlood_s = 8;
const kFloodGoal = 10_000;
const kMostLookUps = 50 + 2 * (kFlood_s + 2); // an isolate's ration: a burst, and two each second
const kUsualCalls_s = 8;                      // two isolates and two providers: a flush a second each, a look at what has changed every ten
const kPieceOfAnswer = 3 << 20;
const kMostPages = 1024;                      // of the core's memory: cmake says so to the linker
const kPagesLeft = 48;
const kLargeStatuses = [200, 413, 503];

const complainUnless = (isSo, complaint) => (isSo ? [] : [complaint]);

/** The database is like this for a while; a fault of which no call has heard is none. */
const database = (members) => async (stage) => {
  const before = stage.gate.calls.length;
  Object.assign(stage.gate, members);
  await sleep(kOutage_ms);
  Object.assign(stage.gate, { delay_ms: 0, refusal: null, losesAnswers: null });
  return { complaints: complainUnless(stage.gate.calls.length > before, 'the database was not asked') };
};

const lies = (refusal) => database({ refusal });

/** The upstream does this for a while. Excused is a stream whose own last attempt the fault has met: plain answers are to come from another key. */
const fails = (...rules) => async (stage) => {
  const first = stage.nextAttempt;
  for (const rule of rules) stage.upstream.faults.add(rule);
  await sleep(kOutage_ms);
  const used = stage.upstream.faults.list().reduce((sum, rule) => sum + rule.used, 0);
  stage.upstream.faults.remove();
  return { note: `${used} times`, complaints: complainUnless(used > 0, 'no request has met the fault'), first };
};

/**
 * The same where a stream that has begun breaks: it is excused, if the fault is what its last attempt has met, and its client was told. How
 * often the fault comes must not go with how plain requests, streams and their retries follow each other: every fifth one never was a stream.
 */
const breaksStreams = (rule) => async (stage) => {
  const { first, note, complaints } = await fails(rule)(stage);
  let fates;
  const isHit = (result) => {
    fates ??= new Map(stage.attempts(first).map((attempt) => [attempt.body_sha256, attempt]));
    return fates.get(result.sha256)?.fault === rule.fault;
  };
  const streams = stage.attempts(first).filter(({ fault, stream }) => fault === rule.fault && stream).length;
  return { note: `${note}, ${streams} of them streams`, complaints: [...complaints, ...complainUnless(streams > 0, 'no stream has met the fault')],
    excuses: (result) => result.isStream && result.status === 200 && result.text.includes('"error"') && isHit(result) };
};

async function isShut(stage, act) {
  await stage.gate.shut();
  try {
    return await act();
  } finally {
    await stage.gate.open();
  }
}

// Nobody listens where the providers are. What is asked meanwhile, or was under way, cannot be answered, and is to be told so.
async function upstreamIsDown(stage) {
  const down_ms = Date.now();
  const port = Number(new URL(stage.upstream.url).port);
  await stage.upstream.shut();
  await sleep(kUpstreamOutage_ms);
  await stage.upstream.listen(port);
  const up_ms = Date.now();
  await sleep(kIncidentPause_ms);
  const isHit = (result, from_ms, until_ms) => result.begun_ms <= until_ms && (result.ended_ms ?? Infinity) >= from_ms;
  const isTold = (result) => (result.isStream && result.status === 200 ? /"error"/ : /"code":"(upstream_(unreachable|broken)|keys_exhausted|incident)"/).test(result.text);
  const failsFast = (result) => result.text.includes('"code":"incident"') && isHit(result, up_ms, up_ms + kIncidentPause_ms);
  return { excuses: (result) => !result.isBroken && (failsFast(result) || (isHit(result, down_ms, up_ms) && isTold(result))), hidesAttempts: (result) => isHit(result, down_ms, up_ms) };
}

function judgeLarge(more) {
  const strange = more.filter((result) => !kLargeStatuses.includes(result.status));
  const statuses = Object.entries(Object.groupBy(more, ({ status }) => status)).map(([status, list]) => `${list.length} × ${status}`).join(', ');
  return { more, note: statuses, complaints: strange.map(({ status, text }) => `a large body was answered ${status}: ${text.slice(0, 100)}`), excuses: (result) => result.isLarge && [413, 503].includes(result.status) };
}

// All at once in the shim's hands, since no last piece comes before all others are there; the last pieces come one after the other, and the
// isolate has more patience than others, since the provider is this process. And the answers are such as the core reads whole.
async function holdLarge(stage) {
  await stage.atRest(() => stage.replaceIsolate(0, 'SIGTERM', { variables: { FIRST_BYTE_TIMEOUT_MS: '30000' } }));
  stage.upstream.faults.add({ fault: 'huge_event', bytes: kPieceOfAnswer, match: { model: 'chaos-large*' } });
  const judged = judgeLarge(await sendLarge(stage, 0, { count: 12, bytes: 20 << 20, dribble_ms: 4_000, apart_ms: 500, model: 'chaos-large' }));
  await stage.atRest(() => stage.replaceIsolate(0, 'SIGTERM'));
  return judged;
}

/** The shim, with a core whose memory somebody else has filled but for some pages as soon as it was made. */
function shimOfFullCore() {
  const source = readFileSync(new URL('../../js-shim/core.mjs', import.meta.url), 'utf8');
  const made = "this.call('ep_create', incoming, Date.now());";
  if (!source.includes(made)) throw new Error('js-shim/core.mjs makes its core in another way');
  return { 'js-shim/core.mjs': source.replace(made, `${made}
    const { memory } = this.exports;
    memory.grow(${kMostPages - kPagesLeft} - memory.buffer.byteLength / 65536);`) };
}

async function fillCore(stage) {
  await stage.atRest(() => stage.replaceIsolate(0, 'SIGTERM', { modules: shimOfFullCore() }));
  await sleep(1_000);
  const judged = judgeLarge(await sendLarge(stage, 0, { count: 12, bytes: 8 << 20, dribble_ms: 2_000, apart_ms: 50, model: 'chaos-large' }));
  const isPressed = judged.more.some(({ status }) => status !== 200);
  const hasTrapped = stage.isolates[0].output().includes('"trap"');
  await stage.atRest(() => stage.replaceIsolate(0, 'SIGTERM'));
  return { ...judged, complaints: [...judged.complaints, ...complainUnless(isPressed, 'there was room for all'), ...complainUnless(!hasTrapped, 'the core has trapped')] };
}

const kill = (signal) => async (stage) => {
  await sleep(kOutage_ms / 2);
  const { old, ended_ms } = await stage.replaceIsolate(0, signal);
  await sleep(kOutage_ms / 2);
  const wasThere = (result) => result.isolate === old;
  return { mayBeLost: (result) => wasThere(result) && (result.ended_ms ?? Infinity) > ended_ms - kFlushWindow_ms - kTwoCalls_ms,
    excuses: (result) => wasThere(result) && result.isBroken && result.ended_ms >= ended_ms };
};

/** How many seconds the isolate's clock is off the right time. */
async function skewOf(isolate) {
  const { timestamp } = await (await fetch(isolate.url)).json();
  return (Date.parse(timestamp) - Date.now()) / 1000;
}

const steps = (seconds) => async (stage) => {
  const clock = new SteppedClock();
  await stage.atRest(() => stage.replaceIsolate(0, 'SIGTERM', { environment: clock.environment }));
  const skews = [];
  for (const step of [0, seconds, 0]) {
    clock.step(step);
    await sleep(step === 0 ? kOutage_ms / 2 : kOutage_ms);
    skews.push({ step, seen: await skewOf(stage.isolates[0]) });
  }
  await stage.atRest(() => stage.replaceIsolate(0, 'SIGTERM'));
  clock.close();
  return { note: `seen by the isolate: ${skews[1].seen.toFixed(0)} s`, complaints: skews.flatMap(({ step, seen }) => complainUnless(Math.abs(seen - step) < kStepSlack_s, `the clock was to be ${step} s off, and is ${seen}`)) };
};

// The load comes with tokens that are known: it must not notice, and neither must the database.
async function floodWithTokens(stage) {
  const [before, calls] = [stage.gate.count('pool_token'), stage.gate.calls.length];
  const { rate, unexpected } = await flood(stage.isolates[0].url, kFlood_s);
  const lookUps = stage.gate.count('pool_token') - before;
  const others = stage.gate.calls.length - calls - lookUps;
  return { note: `${rate} unknown tokens/s${rate < kFloodGoal ? ' (all that this machine can send and refuse beside the load)' : ''}, ${lookUps} look-ups, ${others} other database calls`,
    complaints: [...complainUnless(lookUps <= kMostLookUps, `${lookUps} look-ups`), ...complainUnless(others <= kUsualCalls_s * (kFlood_s + 2), `${others} other calls to the database`),
      ...complainUnless(unexpected.length === 0, `answers that were no refusal: ${unexpected.slice(0, 5).join(', ')}`)] };
}

export const kFaults = [
  { name: 'nothing at all', does: () => sleep(kOutage_ms) },
  { name: 'the database is stopped', does: (stage) => isShut(stage, () => sleep(kOutage_ms)) },
  { name: 'the database takes 3 s for each call', does: database({ delay_ms: 3_000 }) },
  { name: 'the database accepts calls and never answers', does: database({ delay_ms: kNever_ms }) },
  { name: 'the database answers 500', does: lies({ status: 500, body: '{"code":"XX000","message":"internal"}' }) },
  { name: 'the database answers 503 with a page', does: lies({ status: 503, body: '<html>busy</html>', type: 'text/html' }) },
  { name: 'the database answers garbage under 200: JSON that is cut off', does: lies({ status: 200, body: '{"appl' }) },
  { name: 'the database answers garbage under 200: JSON of another shape', does: lies({ status: 200, body: '{"applied":"perhaps","hint_ms":"soon","now_ms":[],"keys":[{"id":7}],"token":{"hash":null},"more":3}' }) },
  { name: 'the database answers garbage under 200: a page', does: lies({ status: 200, body: '<!DOCTYPE html><title>Welcome</title>', type: 'text/html' }) },
  { name: 'the database acts, and its answers get lost', does: database({ losesAnswers: 'pool_record' }) },
  { name: 'the upstream resets every third connection before it answers', does: fails({ fault: 'reset', every: 3 }) },
  { name: 'the upstream stalls on every tenth request', does: fails({ fault: 'stall', every: 10 }) },
  { name: 'the upstream cuts every sixth answer in its middle', does: breaksStreams({ fault: 'reset_after', after_events: 4, every: 6 }) },
  { name: 'the upstream stalls in the middle of every tenth answer', does: breaksStreams({ fault: 'stall_after', after_events: 4, every: 10 }) },
  { name: 'the upstream drips, a few bytes at a time', does: fails({ fault: 'drip', bytes: 64, piece_delay_ms: 1 }) },
  { name: 'the upstream answers 500 to two keys of eight', does: (stage) => fails(...Object.values(stage.keys).flatMap((keys) => keys.slice(0, 2).map((key) => ({ fault: '500', match: { key } }))))(stage) },
  { name: 'the upstream is down: connections are refused', does: upstreamIsDown },
  { name: 'clients leave in the middle of a stream', load: { leavingEvery: 4 }, async does(stage) {
    stage.upstream.settings.word_delay_ms = 10;
    await sleep(kOutage_ms);
  } },
  { name: 'the database is stopped while the upstream resets connections', does: (stage) => isShut(stage, () => fails({ fault: 'reset', every: 3 })(stage)) },
  { name: 'memory is filled: twelve bodies of 20 MB held at once by one isolate, answers of 3 MB', does: holdLarge },
  { name: 'memory is filled: a core with 3 MB left, twelve bodies of 8 MB', does: fillCore },
  { name: 'a flood of unknown tokens, as fast as they can be sent', does: floodWithTokens },
  { name: 'an isolate is told to end (SIGTERM), another takes its place', does: kill('SIGTERM') },
  { name: 'an isolate is killed outright (SIGKILL), another takes its place', does: kill('SIGKILL') },
  { name: 'the clock of an isolate steps 50 minutes forward, then back', does: steps(kStep_s) },
  { name: 'the clock of an isolate steps 50 minutes back, then forward', does: steps(-kStep_s) },
];
