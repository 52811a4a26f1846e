// /api-docs: the first request in every dialect, every route of openapi.json, and the explorer on demand.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { axeViolations, kDesktop, kLanguages, kNarrowest, overflow, quiet, wholeSite } from './support/browser.mjs';
import { answerWith } from './support/public_answers.mjs';

const site = wholeSite();
const kDocument = JSON.parse(readFileSync(new URL('../../web/public/openapi.json', import.meta.url), 'utf8'));
const kRoutes = Object.values(kDocument.paths).flatMap((item) => Object.values(item).filter((operation) => operation.operationId));
const kText = {
  en: { title: /^API documentation/, filter: 'Filter routes', none: 'No route matches', load: 'Load the explorer', again: 'Try again', copy: 'Copy' },
  zh: { title: /^API 文档/, filter: '筛选接口', none: '没有匹配的接口', load: '加载调试工具', again: '重试', copy: '复制' },
};

for (const language of kLanguages) {
  const words = kText[language];

  test(`every route of the document is listed, and nothing is amiss at any width (${language})`, async () => {
    for (const [viewport, theme] of [[kDesktop, 'light'], [kNarrowest, 'dark']]) {
      const page = await site.open('/api-docs', { language, viewport, theme });
      await page.locator('.route').first().waitFor();
      assert.match(await page.title(), words.title);
      assert.equal(await page.locator('.route').count(), kRoutes.length);
      assert.ok(await overflow(page) <= 0);
      assert.deepEqual(await axeViolations(page), []);
      quiet(page);
      await page.context().close();
    }
  });

  test(`the first request is shown for each dialect, provider and language, with this address in it, and is copied (${language})`, async () => {
    const page = await site.open('/api-docs', { language });
    const host = new URL(page.url()).origin;
    const card = page.locator('#start');
    for (const [dialect, providers] of [['OpenAI', ['Ollama Cloud', 'OpenRouter']], ['Anthropic', ['Ollama Cloud', 'OpenRouter']], ['Ollama', [null]]]) {
      await card.getByRole('button', { name: dialect, exact: true }).click();
      for (const provider of providers) {
        if (provider) await card.getByRole('button', { name: provider, exact: true }).click();
        for (const program of ['curl', 'Python', 'JavaScript']) {
          await card.getByRole('tab', { name: program }).click();
          await card.getByRole('button', { name: `${words.copy}: ${program} · ${provider ?? 'Ollama Cloud'}` }).click();
          const copied = await page.evaluate(() => navigator.clipboard.readText());
          const base = `${host}${provider === 'OpenRouter' ? '/openrouter' : ''}`;
          assert.ok(copied.includes(`${base}/`) || copied.includes(`${base}"`) || copied.includes(`${base}'`), copied);
          assert.ok(!copied.includes('example.com'), copied);
        }
      }
    }
    quiet(page);
    await page.context().close();
  });

  test(`a link to a route unfolds it, with members, answers and examples; unfolded it is sound as well (${language})`, async () => {
    for (const route of ['createChatCompletion', 'createToken', 'listKeys', 'publicStats']) {
      const page = await site.open(`/api-docs#route-${route}`, { language, viewport: kNarrowest });
      const unfolded = page.locator(`#route-${route}`);
      await unfolded.locator('.route-body').waitFor();
      assert.ok(await unfolded.locator('pre').count() > 0);
      await unfolded.evaluate((route) => { for (const details of route.querySelectorAll('details')) details.open = true; });
      assert.ok(await overflow(page) <= 0, route);
      assert.deepEqual(await axeViolations(page), []);
      quiet(page);
      await page.context().close();
    }
  });

  test(`routes are filtered by path and word, and unfolded by keyboard (${language})`, async () => {
    const page = await site.open('/api-docs', { language });
    await page.locator('.route').first().waitFor();
    await page.getByLabel(words.filter).fill('delete tokens');
    await page.waitForFunction(() => document.querySelectorAll('.route').length > 0 && document.querySelectorAll('.route').length < 10);
    const paths = await page.locator('.route-path').allTextContents();
    assert.ok(paths.length > 0 && paths.every((path) => path.includes('tokens')), paths.join());
    await page.locator('.route > summary').first().focus();
    await page.keyboard.press('Enter');
    await page.locator('.route[open] .route-body').waitFor();
    await page.getByLabel(words.filter).fill('<b>nothing');
    await page.getByText(words.none).waitFor();
    quiet(page);
    await page.context().close();
  });

  test(`a document that cannot be loaded is told, what needs none of it stays, and it is tried again (${language})`, async () => {
    let answer = { status: 500, body: 'no' };
    const page = await site.open('/api-docs', { language, expected: [/500/], before: async (one) => { await answerWith(one, '/openapi.json', () => answer); } });
    await page.getByRole('button', { name: words.again }).waitFor();
    await page.locator('.addresses').waitFor();
    assert.deepEqual(await axeViolations(page), []);
    answer = kDocument;
    await page.getByRole('button', { name: words.again }).click();
    await page.locator('.route').first().waitFor();
    quiet(page);
    await page.context().close();
  });

  test(`the explorer comes when it is asked for, from this host alone, and takes the chosen theme (${language})`, async () => {
    const hosts = new Set();
    const page = await site.open('/api-docs', { language, theme: 'dark', before: async (one) => { one.on('request', (request) => hosts.add(new URL(request.url()).host)); } });
    await page.locator('.route').first().waitFor();
    assert.equal(page.frames().length, 1);
    await page.getByRole('button', { name: words.load }).click();
    const explorer = page.frameLocator('iframe.explorer').locator('openapi-explorer');
    await explorer.getByText('OpenAI dialect').first().waitFor();
    assert.equal(await explorer.getAttribute('bg-color'), '#151a21');
    assert.deepEqual([...hosts], [new URL(page.url()).host]);
    quiet(page);
    await page.context().close();
  });
}

test('the explorer’s own page is the only one that allows inline styles, and no page allows inline scripts', async () => {
  const policyOf = async (path) => (await fetch(new URL(path, site.pool.worker.url))).headers.get('content-security-policy');
  assert.match(await policyOf('/api-explorer'), /script-src 'self'; style-src 'self' 'unsafe-inline'.*frame-ancestors 'self'$/);
  assert.match(await policyOf('/api-docs'), /style-src 'self';.*frame-src 'self';.*frame-ancestors 'none'$/);
  assert.doesNotMatch(await policyOf('/'), /unsafe|frame-src/);
});
