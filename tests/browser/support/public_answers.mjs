// Answers of the public routes for states that a real pool cannot be brought into quickly: many figures, none, old ones, hostile names,
// half-configured deployments. Of the shapes of docs/HTTP-API.md.
const kHour_ms = 3_600_000;

export const kHostileNames = ['<img src=x onerror="window.hacked=1">', '<script>window.hacked=1</script>', '\u202Egnp.exe', 'نموذج/عربي', 'a'.repeat(256), ' ', 'line\nbreak', '{{constructor}}'];

/** Figures of ten models and a busy day; `members` replace those of the answer. */
export function publicStats({ names = [], scale = 1000, global = {}, ...members } = {}) {
  const models = Array.from({ length: 10 }, (_, i) => names[i] ?? `model-${i}`).map((model, i) => {
    const requests = scale * (10 - i);
    return { model, requests, success: requests - i, failure: i, successRate: '99.00' };
  });
  const total = models.reduce((sum, row) => sum + row.requests, 0);
  const newest_ms = Math.floor(Date.now() / kHour_ms) * kHour_ms;
  const hours = Array.from({ length: 24 }, (_, i) => ({ hour: '00:00', requests: scale + i, success: scale, failure: i, hourStart: new Date(newest_ms - (23 - i) * kHour_ms).toISOString() }));
  const keys = { totalApiKeys: 12, activeKeys: 11, failedKeys: 1, storage: 'postgres' };
  const at = new Date().toISOString();
  return { global: { totalRequests: total, successCount: total - 45, failureCount: 45, successRate: '99.92', lastUpdated: at, ...keys, ...global }, topModels: models, recentTopModels: models.slice(0, 3),
    hourlyTrend: hours, storage: 'postgres', meta: { ...keys, generatedAt: at, successRate: 99.92, provider: 'ollama' }, timestamp: at, ...members };
}

export function emptyStats() {
  const { hourlyTrend, ...rest } = publicStats();
  return { ...rest, global: { totalRequests: 0, successCount: 0, failureCount: 0, successRate: '0.00', lastUpdated: null, totalApiKeys: 0, activeKeys: 0, failedKeys: 0, storage: 'postgres' },
    topModels: [], recentTopModels: [], hourlyTrend: hourlyTrend.map((hour) => ({ ...hour, requests: 0, success: 0, failure: 0 })) };
}

export function health(members = {}) {
  const provider = { enabled: true, configured: true, tables: 'ok', usableKeys: 11 };
  return { status: 'ok', service: 'edgepool', version: '0.1.0', configured: true, timestamp: new Date().toISOString(), providers: { ollama: provider, openrouter: { ...provider, usableKeys: null } },
    storage: { kind: 'postgres', reachable: true, latencyMs: 21 }, ...members };
}

export function unconfigured(missing, problems = []) {
  return { status: 'unconfigured', service: 'edgepool', version: '0.1.0', configured: false, timestamp: new Date().toISOString(), missing, problems, providers: {} };
}

/** Answers `path` of a page with what `answer()` gives: {status, body} or a body, or never while it gives null. Answers the count of calls. */
export async function answerWith(page, path, answer) {
  const calls = { count: 0 };
  await page.route((url) => url.pathname === path, async (route) => {
    ++calls.count;
    const given = await answer(new URL(route.request().url()));
    if (given === null) return;
    const { status = 200, body = given, type = 'application/json' } = given.body === undefined ? {} : given;
    await route.fulfill({ status, contentType: type, body: typeof body === 'string' ? body : JSON.stringify(body) });
  });
  return calls;
}
