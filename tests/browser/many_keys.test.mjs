// The ends of the scale: no key at all, and a hundred thousand, imported in the page and scrolled to the last one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axeViolations, kLanguages, kPhone, quiet, wholeSite } from './support/browser.mjs';

const site = wholeSite({ keys: 0 });
const kMany = 100_000;
const kMostDrawn = 60;
const kSay = { en: { none: 'No keys yet', attention: 'This pool has no keys yet.', models: /No model has been asked/ }, zh: { none: '还没有密钥', attention: '密钥池中还没有密钥。', models: /没有模型被请求/ } };

for (const language of kLanguages) {
  test(`an empty pool says what to do first (${language})`, async () => {
    const page = await site.open('/dashboard', { language, signedIn: true });
    await page.getByText(kSay[language].attention).waitFor();
    await page.getByText(kSay[language].models).waitFor();
    await page.goto(new URL('/dashboard#/keys', site.pool.worker.url).href);
    await page.getByText(kSay[language].none).waitFor();
    assert.deepEqual(await axeViolations(page), []);
    quiet(page);
    await page.context().close();
  });
}

test('a hundred thousand keys are imported from a file, and scrolled, searched and chosen from with few rows drawn', async (t) => {
  const page = await site.open('/dashboard#/import', { signedIn: true });
  const content = Array.from({ length: kMany }, (_, i) => `practice-many-${String(i).padStart(6, '0')}`).join('\n');
  await page.locator('input[type=file]').setInputFiles({ name: 'keys.txt', mimeType: 'text/plain', buffer: Buffer.from(content) });
  await page.getByRole('button', { name: 'Import 100,000 keys' }).click();
  await page.getByRole('heading', { name: 'Import finished' }).waitFor({ timeout: 120_000 });
  assert.deepEqual((await page.locator('.stat dd').allInnerTexts()).slice(0, 2), ['100,000', '100,000']);

  await page.goto(new URL('/dashboard#/keys', site.pool.worker.url).href);
  await page.getByText('100,000 keys').waitFor();
  const longest_ms = await page.evaluate(async () => {
    const scroller = document.querySelector('.key-scroller');
    let longest = 0;
    let last = performance.now();
    for (let i = 0; i <= 60; i++) {
      scroller.scrollTop = (scroller.scrollHeight * i) / 60;
      await new Promise((done) => requestAnimationFrame(done));
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }
    return longest;
  });
  t.diagnostic(`longest frame while scrolling 100,000 keys: ${longest_ms.toFixed(0)} ms`);
  await page.locator('.key-row[aria-rowindex="100001"] a').waitFor();
  assert.ok(await page.locator('.key-row').count() <= kMostDrawn);
  await page.getByRole('searchbox').fill('practice-many-077777');
  await page.waitForFunction(() => document.querySelectorAll('.key-row').length === 1);
  quiet(page);
  await page.context().close();
});

test('the long list works on a phone', async () => {
  const page = await site.open('/dashboard#/keys', { viewport: kPhone, signedIn: true });
  await page.locator('.key-row a').first().waitFor();
  await page.evaluate(() => { const scroller = document.querySelector('.key-scroller'); scroller.scrollTop = scroller.scrollHeight; });
  await page.locator('.key-row[aria-rowindex="100001"] a').waitFor();
  assert.ok(await page.locator('.key-row').count() <= kMostDrawn);
  assert.deepEqual(await axeViolations(page), []);
  quiet(page);
  await page.context().close();
});
