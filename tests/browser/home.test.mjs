// /: whether the pool is healthy, where to go, and before it is configured what to set, each step turning green by itself.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { axeViolations, kLanguages, kNarrowest, overflow, quiet, wholeSite } from './support/browser.mjs';
import { answerWith, emptyStats, health, publicStats, unconfigured } from './support/public_answers.mjs';

const site = wholeSite();
const kText = {
  en: { ok: 'Everything is in order', attention: 'Needs attention', bare: 'Not set up yet', almost: 'Almost there', lost: 'Cannot be reached', guide: 'Set it up', again: 'Try again', copySql: 'Copy the SQL', onClipboard: 'The SQL is on the clipboard', noDatabase: /database cannot be reached/, failing: /Ollama Cloud itself has been failing/, off: 'Switched off', stale: /last attempt to refresh/ },
  zh: { ok: '一切正常', attention: '需要注意', bare: '尚未配置', almost: '即将完成', lost: '无法连接', guide: '开始配置', again: '重试', copySql: '复制 SQL', onClipboard: 'SQL 已复制到剪贴板', noDatabase: /数据库无法连接/, failing: /Ollama Cloud 自身从/, off: '已关闭', stale: /上一次刷新失败/ },
};

/** A page whose /health and figures are what `state` says at the time; `state.health` null: no answer. */
const openWith = (state, options) => site.open('/', { ...options, before: async (page) => {
  await answerWith(page, '/health', () => (state.health?.status === 'unconfigured' ? { status: 503, body: state.health } : state.health));
  await answerWith(page, '/admin/public-stats', () => state.figures ?? { status: 503, body: { error: 'no figures', code: 'storage_unavailable' } });
} });

const steps = (page) => page.locator('.step').evaluateAll((rows) => Object.fromEntries(rows.map((row) => [row.dataset.step, row.dataset.state])));
const lookAgain = (page) => page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));

for (const language of kLanguages) {
  const words = kText[language];

  test(`a pool that serves says so, with its providers and ways on (${language})`, async () => {
    const { pool } = site;
    assert.equal((await pool.chat()).status, 200);
    await pool.counted(1);
    const page = await site.open('/', { language });
    await page.getByText(words.ok).waitFor();
    assert.deepEqual(await page.locator('.provider h2').allTextContents(), ['Ollama Cloud', 'OpenRouter']);
    for (const path of ['/dashboard', '/stats', '/api-docs']) assert.ok(await page.locator(`.hero a[href="${path}"]`).count() === 1);
    assert.equal(await page.getByText(words.guide).count(), 0);
    assert.deepEqual(await axeViolations(page), []);
    quiet(page);
    await page.context().close();
  });

  test(`a worker without configuration says what to set, in commands (${language})`, async () => {
    const state = { health: unconfigured(['ADMIN_TOKEN', 'SUPABASE_REST_URL', 'SUPABASE_SERVICE_ROLE_KEY'], ['MAX_ATTEMPTS: must be a whole number from 1 to 10']) };
    for (const theme of ['light', 'dark']) {
      const page = await openWith(state, { language, theme, viewport: kNarrowest, expected: [/503/] });
      await page.getByText(words.bare).waitFor();
      assert.deepEqual(await steps(page), { schema: 'waiting', admin_token: 'todo', rest_url: 'todo', service_key: 'todo', problems: 'todo', keys: 'waiting', request: 'waiting' });
      for (const name of state.health.missing) await page.getByText(`npx wrangler secret put ${name}`, { exact: true }).waitFor();
      await page.getByText('MAX_ATTEMPTS: must be a whole number from 1 to 10').waitFor();
      assert.match(await page.locator('.suggestion code').textContent(), /^[0-9a-f]{48}$/);
      assert.ok(await overflow(page) <= 0);
      assert.deepEqual(await axeViolations(page), []);
      quiet(page);
      await page.context().close();
    }
  });

  test(`each step turns green by itself, up to the first request (${language})`, async () => {
    const state = { health: unconfigured(['ADMIN_TOKEN', 'SUPABASE_REST_URL']) };
    const page = await openWith(state, { language, expected: [/503/] });
    const until = async (expected) => {
      await lookAgain(page);
      await page.waitForFunction((wanted) => [...document.querySelectorAll('.step')].map((row) => `${row.dataset.step} ${row.dataset.state}`).join() === wanted, expected.join());
    };
    await until(['schema waiting', 'admin_token todo', 'rest_url todo', 'service_key done', 'keys waiting', 'request waiting']);
    state.health = unconfigured(['SUPABASE_REST_URL']);
    await until(['schema waiting', 'admin_token done', 'rest_url todo', 'service_key done', 'keys waiting', 'request waiting']);
    const lacking = { enabled: true, configured: false, tables: 'outdated', usableKeys: null };
    state.health = health({ status: 'degraded', providers: { ollama: lacking, openrouter: lacking }, mend: 'apply sql/schema.sql' });
    await until(['schema todo', 'admin_token done', 'rest_url done', 'service_key done', 'keys waiting', 'request waiting']);
    await page.getByText(words.almost).waitFor();
    state.health = health({ providers: { ollama: { enabled: true, configured: true, tables: 'ok', usableKeys: 0 } } });
    state.figures = emptyStats();
    await until(['schema done', 'admin_token done', 'rest_url done', 'service_key done', 'keys todo', 'request waiting']);
    state.figures = { ...emptyStats(), global: { ...emptyStats().global, totalApiKeys: 2, activeKeys: 2 } };
    state.health = health();
    await until(['schema done', 'admin_token done', 'rest_url done', 'service_key done', 'keys done', 'request todo']);
    state.figures = publicStats();
    await page.reload();
    await page.getByText(words.ok).waitFor();
    assert.equal(await page.locator('.step').count(), 0);
    quiet(page);
    await page.context().close();
  });

  test(`trouble is told in words: a database out of reach, a provider that fails, one that is switched off (${language})`, async () => {
    const row = { enabled: true, configured: false, tables: 'unknown', usableKeys: 3 };
    const state = { health: health({ status: 'degraded', storage: { kind: 'postgres', reachable: false, latencyMs: 8000, problem: 'the database did not answer in time' },
      providers: { ollama: { ...row, incident: { reason: 'upstream_5xx', model: '', since: new Date(Date.now() - 600_000).toISOString() } }, openrouter: { ...row, enabled: false } } }) };
    const page = await openWith(state, { language, expected: [/503/] });
    await page.getByText(words.noDatabase).waitFor();
    await page.getByText(words.failing).waitFor();
    await page.getByText(words.off, { exact: true }).waitFor();
    assert.deepEqual(await axeViolations(page), []);
    quiet(page);
    await page.context().close();
  });

  test(`a pool that does not answer is told from one that did before (${language})`, async () => {
    const state = { health: { status: 500, body: 'no' } };
    const page = await openWith(state, { language, expected: [/500/, /503/] });
    await page.getByText(words.lost).waitFor();
    assert.deepEqual(await axeViolations(page), []);
    state.health = health();
    state.figures = publicStats();
    await page.getByRole('button', { name: words.again }).click();
    await page.getByText(words.ok).waitFor();
    state.health = { status: 500, body: 'no' };
    await lookAgain(page);
    await page.getByText(words.stale).waitFor();
    await page.getByText(words.ok).waitFor();
    quiet(page);
    await page.context().close();
  });

  test(`the SQL that the guide copies is the schema of this very version (${language})`, async () => {
    const page = await openWith({ health: unconfigured(['ADMIN_TOKEN']) }, { language, expected: [/503/] });
    await page.getByRole('button', { name: words.copySql }).click();
    await page.getByText(words.onClipboard).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), readFileSync(new URL('../../sql/schema.sql', import.meta.url), 'utf8'));
    quiet(page);
    await page.context().close();
  });
}

test('a real worker without secrets is walked through, and its other routes say the same', async () => {
  const { pool } = site;
  await pool.restart({ ADMIN_TOKEN: '', SUPABASE_SERVICE_ROLE_KEY: '' });
  const page = await site.open('/', { expected: [/503/] });
  await page.getByText(kText.en.bare).waitFor();
  assert.deepEqual(await steps(page), { schema: 'waiting', admin_token: 'todo', rest_url: 'done', service_key: 'todo', keys: 'waiting', request: 'waiting' });
  quiet(page);
  await page.context().close();
  await pool.restart();
});

test('the dialects of the example are switched by keyboard', async () => {
  const page = await openWith({ health: health(), figures: publicStats() });
  await page.getByRole('button', { name: 'Anthropic' }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('client = Anthropic(').waitFor();
  quiet(page);
  await page.context().close();
});
