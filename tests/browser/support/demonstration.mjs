// A pool that looks lived in, for screenshots and for tests of what figures look like: a month of requests of several models, keys in
// every state with reasons and evidence, client tokens with limits. All of it through the pool_* functions; the same each time.
import { createHash } from 'node:crypto';
import { idOf } from '../../sql/support.mjs';

const kHour_ms = 3_600_000;
const kDay_ms = 24 * kHour_ms;
const kHostileName = '<img src=x onerror="window.injected=1">';
export const kRightToLeftName = '\u202Eمفتاح الإنتاج';
const kNames = ['team-alpha', 'team-beta', '研发中心', 'batch-jobs', 'night-shift', kRightToLeftName, kHostileName, 'ci'];
const kModels = { ollama: [['gpt-oss:120b', 1], ['qwen3-coder:480b', 0.7], ['deepseek-v3.1:671b', 0.45], ['kimi-k2:1t', 0.2], [kHostileName, 0.03]], openrouter: [['anthropic/claude-sonnet-4', 1], ['openai/gpt-4o-mini', 0.8], ['google/gemini-2.5-pro', 0.35]] };

/** Numbers from 0 to 1 that repeat with the seed. */
function sequence(seed) {
  let count = 0;
  return () => createHash('sha256').update(`${seed} ${count++}`).digest().readUInt32LE(0) / 2 ** 32;
}

function hourRow(model, weight, hour_ms, next) {
  const local = new Date(hour_ms).getUTCHours();
  const busy = 0.35 + 0.65 * Math.max(0, Math.sin(((local - 6) / 24) * 2 * Math.PI));
  const requests = Math.round(weight * busy * (180 + 140 * next()));
  const failure = Math.round(requests * (next() < 0.06 ? 0.12 : 0.008 * next()));
  const success = requests - failure;
  const prompt = success * Math.round(700 + 500 * next());
  const completion = success * Math.round(220 + 200 * next());
  return { model, hour_ms, requests, success, failure, prompt, completion, cached: Math.round(prompt * 0.3), reasoning: Math.round(completion * 0.2), estimated: Math.round(completion * 0.01),
    cost_nano: Math.round(prompt * 180 + completion * 900), latency_ms: success * Math.round(380 + 420 * next()), latency_count: success };
}

async function recordHistory(pool, provider, now_ms) {
  const next = sequence(provider);
  const models = kModels[provider].flatMap(([model, weight]) => Array.from({ length: 30 * 24 }, (_, i) => hourRow(model, weight, Math.floor(now_ms / kHour_ms) * kHour_ms - i * kHour_ms, next)));
  await pool.calls.call('pool_record', { provider, batch: createHash('md5').update(`history ${provider}`).digest('hex'), at_ms: now_ms, models: models.filter((row) => row.requests > 0), keys: [], tokens: [], verdicts: [] });
}

const kStates = [
  { state: 'benched', reason: 'weekly_limit', for_ms: 3.2 * kDay_ms, evidence: { status: 429, body: { error: "you've reached your weekly usage limit, upgrade for higher limits" } } },
  { state: 'benched', reason: 'rate_limited', for_ms: 42_000, evidence: { status: 429, headers: { 'retry-after': '42' } } },
  { state: 'disabled', reason: 'key_refused', for_ms: null, evidence: { status: 401, body: { error: 'unauthorized' }, refusals: 3 } },
  { state: 'benched', reason: 'no_credits', for_ms: 38 * 60_000, evidence: { status: 402, body: { error: { code: 402, message: 'Insufficient credits' } } } },
];

async function addKeyStates(pool, provider, keys, now_ms) {
  const next = sequence(`keys ${provider}`);
  const rows = keys.map((key) => {
    const success = Math.round(200 + 4000 * next());
    const failure = Math.round(success * 0.02 * next());
    return { id: idOf(key), requests: success + failure, success, failure, prompt: success * 900, completion: success * 260, cached: 0, reasoning: 0, estimated: 0, cost_nano: success * 380_000, last_used_ms: now_ms - Math.round(next() * kHour_ms), last_success_ms: now_ms - Math.round(next() * kHour_ms), last_failure_ms: null, fails: 0, fails_reset: true };
  });
  const verdicts = kStates.map(({ state, reason, for_ms, evidence }, i) => ({ id: idOf(keys[2 + i * 3]), model: null, state, reason, until_ms: for_ms === null ? null : now_ms + for_ms, at_ms: now_ms, evidence, refusals: 0, ceiling: null, quota: null }));
  verdicts.push({ id: idOf(keys[2]), model: 'kimi-k2:1t', state: 'benched', reason: 'model_not_in_plan', until_ms: now_ms + 6 * kHour_ms, at_ms: now_ms, evidence: null, refusals: 0, ceiling: null, quota: null });
  await pool.calls.call('pool_record', { provider, batch: createHash('md5').update(`keys ${provider}`).digest('hex'), at_ms: now_ms, models: [], keys: rows, tokens: [], verdicts });
  await pool.calls.call('pool_keys_set', { provider, keys: [keys[15]], status: 'disabled', reason: 'kept for the weekend' });
}

async function addTokens(pool, provider, now_ms) {
  const rows = [['Website chat', { requests_per_minute: 120, daily_cost_nano: 20_000_000_000, monthly_cost_nano: 400_000_000_000, models: ['gpt-oss*'] }], ['数据标注', { daily_requests: 5000, daily_tokens: 4_000_000 }], [kHostileName, null], ['Intern laptop', { requests_per_minute: 10, daily_requests: 200, addresses: ['203.0.113.0/24'] }]];
  const tokens = [];
  for (const [index, [name, limits]] of rows.entries()) {
    const hash = createHash('sha256').update(`${provider} ${name}`).digest('hex');
    await pool.calls.call('pool_tokens_create', { provider, hash, hint: `ep-...${hash.slice(0, 4)}`, name, ...(limits ? { limits } : {}), ...(index === 3 ? { expires_ms: now_ms + 9 * kDay_ms } : {}) });
    tokens.push({ hash, requests: 190 - index * 40, success: 185 - index * 40, failure: 5, prompt: 2_600_000, completion: 800_000, cached: 0, reasoning: 0, estimated: 0, cost_nano: 17_400_000_000 - index * 3_000_000_000, last_used_ms: now_ms });
  }
  await pool.calls.call('pool_record', { provider, batch: createHash('md5').update(`tokens ${provider}`).digest('hex'), at_ms: now_ms, models: [], keys: [], tokens, verdicts: [] });
}

/** Fills both providers of `pool`; answers the keys that it added, by provider. */
export async function fillDemonstration(pool, now_ms = Date.now()) {
  const added = {};
  for (const provider of ['ollama', 'openrouter']) {
    const keys = Array.from({ length: 48 }, (_, i) => `practice-${createHash('sha256').update(`${provider} ${i}`).digest('hex').slice(0, 28)}`);
    await pool.calls.call('pool_keys_add', { provider, keys: keys.map((key, i) => ({ key, username: kNames[i % kNames.length] })) });
    await recordHistory(pool, provider, now_ms);
    await addKeyStates(pool, provider, keys, now_ms);
    await addTokens(pool, provider, now_ms);
    added[provider] = keys;
  }
  return added;
}
