// /stats: what is counted is shown, in both languages; it can be shared, refreshes itself, and says so when it cannot.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../e2e/support/pool.mjs';
import { axeViolations, kLanguages, kNarrowest, kPhone, overflow, quiet, wholeSite } from './support/browser.mjs';
import { answerWith, emptyStats, kHostileNames, publicStats } from './support/public_answers.mjs';

const site = wholeSite();
const kStats = '/admin/public-stats';
const kText = {
  en: { title: /^Statistics · Ollama Cloud/, requests: 'Requests', old: /last known figures/, stale: /last attempt to refresh them failed/, quietDay: 'A quiet day', again: 'Try again', copy: 'Copy link', unknown: 'There is no such provider', setUp: 'What to set', slow: 'The pool is taking too long', broken: 'The pool could not answer' },
  zh: { title: /^统计 · Ollama Cloud/, requests: '请求总数', old: /最后数据/, stale: /上一次刷新失败/, quietDay: '今天很安静', again: '重试', copy: '复制链接', unknown: '没有这个服务商', setUp: '查看配置步骤', slow: '服务响应太慢', broken: '服务未能应答' },
};

const figure = (page, label) => page.locator('.stat', { has: page.getByText(label, { exact: true }) }).locator('dd').first();
const openWith = (answer, { path = '/stats', ...options } = {}) => site.open(path, { ...options, before: async (page) => { page.calls = await answerWith(page, kStats, answer); } });

for (const language of kLanguages) {
  const words = kText[language];

  test(`what the pool has served is shown: totals, models, the day (${language})`, async () => {
    const { pool } = site;
    const before = Number((await pool.calls.call('pool_admin_stats', { provider: 'ollama' })).total_requests);
    for (let i = 0; i < 3; ++i) assert.equal((await pool.chat({ model: 'shown:20b' })).status, 200);
    await eventually(async () => (await pool.publicStats()).global.totalRequests === before + 3 || undefined, 'the figures to hold three more requests');
    const page = await site.open('/stats', { language });
    await page.locator('.model-table').getByText('shown:20b').waitFor();
    assert.match(await page.title(), words.title);
    assert.equal(await figure(page, words.requests).textContent(), String(before + 3));
    assert.equal(await page.locator('.time-chart tbody tr').count(), 24);
    assert.deepEqual(await axeViolations(page), []);
    quiet(page);
    await page.context().close();
  });

  test(`no figures, old figures and failed refreshes are told apart (${language})`, async () => {
    const empty = await openWith(() => emptyStats(), { language });
    await empty.getByText(words.quietDay).waitFor();
    assert.deepEqual(await axeViolations(empty), []);
    quiet(empty);
    await empty.context().close();

    let answer = publicStats({ stale: true });
    const page = await openWith(() => answer, { language, expected: [/503/] });
    await page.getByText(words.old).waitFor();
    answer = { status: 503, body: { error: 'the database cannot be reached', code: 'storage_unavailable' } };
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await page.getByText(words.stale).waitFor();
    await page.locator('.model-table').getByText('model-0').waitFor();
    answer = publicStats();
    await page.getByRole('button', { name: words.again }).click();
    await page.getByText(words.stale).waitFor({ state: 'detached' });
    assert.equal(await page.getByText(words.old).count(), 0);
    quiet(page);
    await page.context().close();
  });

  test(`an API that is down, answers nonsense or knows no such provider is shown decently, and recovers (${language})`, async () => {
    let answer = { status: 500, body: '<h1>Internal Error</h1>', type: 'text/html' };
    const page = await openWith(() => answer, { language, expected: [/500/, /400/, /503/] });
    await page.getByText(words.broken).waitFor();
    assert.deepEqual(await axeViolations(page), []);
    answer = publicStats();
    await page.getByRole('button', { name: words.again }).click();
    await page.locator('.model-table').waitFor();
    quiet(page);
    await page.context().close();

    const unknown = await site.open('/stats?provider=%3Cb%3Enobody', { language, expected: [/400/] });
    await unknown.getByText(words.unknown).waitFor();
    await unknown.getByRole('button', { name: 'OpenRouter' }).click();
    await figure(unknown, words.requests).waitFor();
    quiet(unknown);
    await unknown.context().close();

    const bare = await openWith(() => ({ status: 503, body: { error: 'set ADMIN_TOKEN', code: 'not_configured' } }), { language, expected: [/503/] });
    await bare.getByRole('link', { name: words.setUp }).click();
    await bare.waitForURL((url) => url.pathname === '/');
    await bare.context().close();
  });

  test(`an API that does not answer leaves placeholders, then says that it is slow (${language})`, async () => {
    const page = await openWith(() => null, { language });
    await page.locator('[aria-busy="true"] .skeleton').first().waitFor();
    assert.deepEqual(await axeViolations(page), []);
    await page.context().close();

    const patient = await site.open('about:blank', { language });
    await patient.clock.install();
    await answerWith(patient, kStats, () => null);
    await patient.goto(new URL('/stats', site.pool.worker.url).href);
    await patient.locator('.skeleton').first().waitFor();
    await patient.clock.fastForward(31_000);
    await patient.getByText(words.slow).waitFor();
    await patient.context().close();
  });

  test(`names with markup, control characters and right-to-left text are text, and move nothing (${language})`, async () => {
    for (const viewport of [kNarrowest, kPhone]) {
      const page = await openWith(() => publicStats({ names: kHostileNames }), { language, viewport });
      await page.locator('.model-table').getByText('<img src=x').waitFor();
      assert.equal(await page.evaluate(() => window.hacked), undefined);
      assert.equal(await page.locator('main img, main script').count(), 0);
      assert.equal(await page.locator('.model-table bdi', { hasText: '⟨202E⟩gnp.exe' }).count(), 1);
      const sides = await page.locator('.model-table tbody tr').evaluateAll((rows) => rows.map((row) => row.firstElementChild.getBoundingClientRect().left < row.lastElementChild.getBoundingClientRect().left));
      assert.deepEqual(sides, Array(10).fill(true));
      assert.ok(await overflow(page) <= 0);
      assert.deepEqual(await axeViolations(page), []);
      quiet(page);
      await page.context().close();
    }
  });
}

test('dark is as sound as light', async () => {
  const page = await openWith(() => publicStats(), { theme: 'dark' });
  await page.locator('.model-table').waitFor();
  assert.deepEqual(await axeViolations(page), []);
  await page.context().close();
});

test('the provider stands in the address: a link shows it, back goes back, and the link is copied', async () => {
  const asked = [];
  const page = await openWith((url) => { asked.push(url.searchParams.get('provider')); return publicStats(); });
  await page.getByRole('button', { name: 'OpenRouter' }).click();
  await page.waitForURL(/\/stats\?provider=openrouter$/);
  await page.waitForFunction(() => document.title.includes('OpenRouter'));
  await page.getByRole('button', { name: kText.en.copy }).click();
  await page.getByText('The link is on the clipboard').waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), page.url());
  await page.goBack();
  await page.waitForFunction(() => document.title.includes('Ollama Cloud'));
  assert.equal(await page.getByRole('button', { name: 'Ollama Cloud' }).getAttribute('aria-pressed'), 'true');
  await page.goto(new URL('/stats?provider=openrouter', site.pool.worker.url).href);
  await page.waitForFunction(() => document.title.includes('OpenRouter'));
  assert.deepEqual(asked, ['ollama', 'openrouter', 'ollama', 'openrouter']);
  quiet(page);
  await page.context().close();
});

test('the page refreshes itself while it is looked at, and rests while it is not', async () => {
  const page = await site.open('about:blank');
  await page.clock.install();
  const calls = await answerWith(page, kStats, () => publicStats());
  await page.goto(new URL('/stats', site.pool.worker.url).href);
  await page.locator('.model-table').waitFor();
  assert.equal(calls.count, 1);
  const twice = page.waitForResponse((answer) => answer.url().includes(kStats));
  await page.clock.fastForward(30_000);
  await twice;
  const look = (state) => page.evaluate((value) => {
    Object.defineProperty(document, 'visibilityState', { value, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);
  await look('hidden');
  await page.clock.fastForward(300_000);
  assert.equal(calls.count, 2);
  const again = page.waitForResponse((answer) => answer.url().includes(kStats));
  await look('visible');
  await again;
  assert.equal(calls.count, 3);
  await page.context().close();
});

test('times and numbers are the viewer’s', async () => {
  const figures = publicStats({ scale: 123_456 });
  const page = await openWith(() => figures, { language: 'zh', zone: 'Asia/Kolkata' });
  const first = await page.locator('.time-chart tbody th').first().textContent();
  assert.equal(first, new Intl.DateTimeFormat('zh-CN', { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'Asia/Kolkata' }).format(new Date(figures.hourlyTrend[0].hourStart)));
  assert.match(await figure(page, kText.zh.requests).textContent(), /^\d+(\.\d)?万$/);
  await page.context().close();
});

test('a link to the page carries its title and what it is', async () => {
  const html = await (await fetch(new URL('/stats', site.pool.worker.url))).text();
  for (const name of ['og:title', 'og:description', 'og:type']) assert.match(html, new RegExp(`<meta property="${name}" content="[^"]+"`));
  assert.match(html, /<meta name="description" content="[^"]{40,}"/);
});
