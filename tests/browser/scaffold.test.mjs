// What holds for every page: it is served with its headers, loads quickly and quietly, in both languages, and the sources are sound.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { kRoot } from '../../tools/setup.mjs';
import { kLanguages, kNarrowest, overflow, quiet, wholeSite } from './support/browser.mjs';

const site = wholeSite();
const kPages = ['/', '/dashboard', '/stats', '/api-docs'];
const kTypescript = join(kRoot, 'node_modules/typescript/bin/tsc');

const compile = (args) => new Promise((done) => execFile(process.execPath, [kTypescript, ...args], { cwd: kRoot }, (error, output) => done({ code: error?.code ?? 0, output })));

test('the sources have no type error', async () => {
  const { code, output } = await compile(['-p', 'web']);
  assert.equal(code, 0, output);
});

test('a text that one language lacks does not compile', async (t) => {
  const folder = mkdtempSync(join(kRoot, 'build/web-probe-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'probe.ts'), "import { messages } from '../../web/src/i18n/language';\nexport const whole = messages({ one: 'one' }, { one: '一' });\nexport const text = messages({ one: 'one', two: 'two' }, { one: '一' });\n");
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../../web/tsconfig.json', include: ['.'] }));
  const { code, output } = await compile(['-p', folder]);
  assert.notEqual(code, 0);
  const faults = output.split('\n').filter((line) => line.includes('error TS'));
  assert.match(faults.join('\n'), /^[^\n]*probe\.ts\(3,\d+\): error TS[^\n]*two: string[^\n]*$/);
});

test('every page comes with a strict policy and without the worker, and what is no page reaches the worker', async () => {
  for (const path of kPages) {
    const answer = await fetch(new URL(path, site.pool.worker.url), { redirect: 'manual' });
    assert.deepEqual([answer.status, answer.headers.get('content-type').split(';')[0]], [200, 'text/html'], path);
    const policy = answer.headers.get('content-security-policy');
    assert.match(policy, /default-src 'none'.*script-src 'self'.*frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe|https?:|\*/);
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(answer.headers.get('referrer-policy'), 'no-referrer');
    assert.equal(answer.headers.get('x-request-id'), null);
  }
  const nowhere = await fetch(new URL('/nowhere', site.pool.worker.url));
  assert.deepEqual([nowhere.status, (await nowhere.json()).code], [404, 'not_found']);
});

for (const language of kLanguages) {
  test(`every page says its language and is quiet, also 320 px wide (${language})`, async () => {
    for (const path of kPages) {
      const page = await site.open(path, { language, viewport: kNarrowest });
      await page.getByRole('heading', { level: 1 }).first().waitFor();
      assert.equal(await page.evaluate(() => document.documentElement.lang), language === 'zh' ? 'zh-CN' : 'en');
      assert.ok(await overflow(page) <= 0, `${path} is wider than its window`);
      quiet(page);
      await page.context().close();
    }
  });
}

test('language and theme are switched, remembered, and there before the first paint', async () => {
  const page = await site.open('/stats');
  await page.getByRole('button', { name: 'Switch to Chinese' }).click();
  await page.getByRole('button', { name: '主题：跟随系统' }).click();
  await page.getByRole('button', { name: '主题：浅色' }).click();
  await page.reload({ waitUntil: 'commit' });
  await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark' && document.documentElement.lang === 'zh-CN');
  await page.getByRole('button', { name: '主题：深色' }).waitFor();
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).colorScheme), 'dark');
  quiet(page);
  await page.context().close();
});

test('no source sets HTML or evaluates text', () => {
  const sources = readdirSync(join(kRoot, 'web/src'), { recursive: true }).filter((name) => /\.tsx?$/.test(name));
  assert.ok(sources.length > 10);
  for (const name of sources) assert.doesNotMatch(readFileSync(join(kRoot, 'web/src', name), 'utf8'), /dangerouslySetInnerHTML|innerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/, name);
});
