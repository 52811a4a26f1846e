// The dashboard over a pool that is lived in: what each page shows and does, in both languages, with names that would like to be markup.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { idOf } from '../sql/support.mjs';
import { axeViolations, kDesktop, kLanguages, kNarrowest, overflow, quiet, wholeSite } from './support/browser.mjs';
import { fillDemonstration, kRightToLeftName } from './support/demonstration.mjs';

const site = wholeSite({ fill: fillDemonstration });

const kPages = ['overview', 'keys', 'import', 'tokens', 'explain?model=gpt-oss%3A20b', 'playground', 'audit', 'reconcile', 'settings'];
const kMayBeMissing = [/status of 404/];
const kSay = {
  en: { overview: 'Overview', requests: 'Requests', benched: /benched and come back/, keys: 'Keys', search: /^Search by name/, count: /51 keys/, disabledFilter: 'Disabled', disable: 'Disable…', disableNow: 'Disable', undo: 'Undo', undone: 'Undone', enable: 'Enable', enabled: '2 enabled', remove: 'Delete…', removeNow: 'Delete', removed: '1 deleted', weekly: /weekly limit spent/, left: /left/, evidence: 'Evidence', noMatch: 'Nothing matches', all: 'Show all keys', first: 'tried first', ready: 'Ready', database: 'Database', shortcuts: 'Keyboard shortcuts', chooseAll: 'Choose all 51', chosen: '51 chosen', month: '30 days', gone: 'There is no such key', updated: /old: the last attempt/, unreachable: 'The pool cannot be reached' },
  zh: { overview: '概览', requests: '请求', benched: /暂停中，会自动恢复/, keys: '密钥', search: /^按名称/, count: /共 51 个密钥/, disabledFilter: '已停用', disable: '停用…', disableNow: '停用', undo: '撤销', undone: '已撤销', enable: '启用', enabled: '已启用 2 个', remove: '删除…', removeNow: '删除', removed: '已删除 1 个', weekly: /每周额度用尽/, left: /剩余/, evidence: '依据', noMatch: '没有匹配项', all: '显示全部密钥', first: '首先尝试', ready: '就绪', database: '数据库', shortcuts: '键盘快捷键', chooseAll: '选择全部 51 个', chosen: '已选 51 个', month: '30 天', gone: '没有此密钥', updated: /数据不是最新/, unreachable: '无法连接到服务' },
};

const statusOf = async (key) => (await site.pool.calls.call('pool_keys_get', { provider: 'ollama', id: idOf(key) })).status;
const settled = (page) => page.waitForLoadState('networkidle');

for (const language of kLanguages) {
  const say = kSay[language];

  test(`no page of the dashboard violates an axe rule, sticks out at 320 px, runs a name or logs an error (${language})`, async (t) => {
    for (const path of kPages) {
      for (const [theme, viewport] of [['light', kDesktop], ['dark', kNarrowest]]) {
        const page = await site.open(`/dashboard#/${path}`, { language, theme, viewport, signedIn: true, expected: kMayBeMissing });
        await page.getByRole('heading', { level: 1 }).waitFor();
        await settled(page);
        assert.deepEqual(await axeViolations(page), [], `${path} ${theme}`);
        assert.ok(await overflow(page) <= 0, `${path} is wider than ${viewport.width} px`);
        assert.equal(await page.evaluate(() => window.injected), undefined);
        quiet(page);
        await page.context().close();
      }
      t.diagnostic(`${path}: 0 violations`);
    }
  });

  test(`the overview shows figures, trends for a day and a month, models, and what needs attention (${language})`, async () => {
    const page = await site.open('/dashboard', { language, signedIn: true });
    await page.getByText(say.benched).waitFor();
    await page.locator('.time-chart canvas').nth(3).waitFor();
    assert.equal(await page.locator('.time-chart table').first().locator('tbody tr').count(), 24);
    assert.match(await page.locator('.stat').first().innerText(), /\d/);
    await page.getByRole('button', { name: say.month }).click();
    await page.waitForFunction(() => document.querySelectorAll('.time-chart table')[0]?.querySelectorAll('tbody tr').length === 30);
    await page.getByText('gpt-oss:120b').first().waitFor();
    await page.getByText('<img src=x').first().waitFor();
    const near = page.locator('.attention li', { hasText: 'Website chat' }).first(); // 17.40 of 20 dollars a day
    await near.getByText('87.0%').waitFor();
    await near.getByRole('link').click();
    await page.waitForFunction(() => location.hash.startsWith('#/tokens'));
    quiet(page);
    await page.context().close();
  });

  test(`a key is found, its page tells state, reason, countdown and evidence (${language})`, async () => {
    const page = await site.open('/dashboard#/keys', { language, signedIn: true });
    await page.getByText(say.count).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type(idOf(site.filled.ollama[2]).slice(0, 12));
    await page.waitForFunction(() => document.querySelectorAll('.key-row').length === 1);
    await page.locator('.key-row a').click();
    await page.getByText(say.weekly).first().waitFor();
    await page.getByText(say.left).first().waitFor();
    await page.getByRole('region', { name: say.evidence, exact: true }).first().waitFor();
    assert.match(await page.locator('.code').first().innerText(), /weekly usage limit/);
    await page.getByText('kimi-k2:1t').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: say.keys, level: 1 }).waitFor();
    quiet(page);
    await page.context().close();
  });

  test(`keys are disabled with undo, enabled, and deleted after a question (${language})`, async () => {
    const extra = `practice-extra-${language}-0123456789`;
    await site.pool.calls.call('pool_keys_add', { provider: 'ollama', keys: [{ key: extra, username: 'extra' }] });
    const page = await site.open('/dashboard#/keys?search=extra', { language, signedIn: true });
    await page.locator('.key-row input').check();
    await page.getByRole('button', { name: say.disable }).click();
    await page.getByRole('dialog').getByRole('button', { name: say.disableNow, exact: true }).click();
    await page.getByRole('button', { name: say.undo }).waitFor();
    assert.equal(await statusOf(extra), 'disabled');
    await page.getByRole('button', { name: say.undo }).click();
    await page.getByText(say.undone).waitFor();
    assert.equal(await statusOf(extra), 'active');
    await page.locator('.key-row input').uncheck();
    await page.locator('.key-row input').check();
    await page.getByRole('button', { name: say.remove }).click();
    assert.equal(await statusOf(extra), 'active');
    await page.getByRole('dialog').getByRole('button', { name: say.removeNow, exact: true }).click();
    await page.getByText(say.removed).waitFor();
    await page.getByText(say.noMatch).waitFor();
    await page.getByRole('button', { name: say.all }).click();
    await page.getByText(say.count).waitFor();
    quiet(page);
    await page.context().close();
  });

  test(`filter, range and "choose all" choose what they say (${language})`, async () => {
    const page = await site.open('/dashboard#/keys', { language, signedIn: true });
    await page.getByText(say.count).waitFor();
    await page.locator('.key-row input').nth(0).check();
    await page.locator('.key-row input').nth(4).click({ modifiers: ['Shift'] });
    assert.match(await page.locator('.bulk-bar strong').innerText(), /5/);
    await page.getByRole('button', { name: say.chooseAll }).click();
    await page.getByText(say.chosen, { exact: true }).waitFor();
    await page.getByRole('button', { name: say.disabledFilter, exact: true }).click();
    await page.waitForFunction(() => document.querySelectorAll('.key-row').length === 2);
    assert.match(page.url(), /status=disabled/);
    quiet(page);
    await page.context().close();
  });

  test(`explain lists the keys in the order they would be tried (${language})`, async () => {
    const page = await site.open('/dashboard#/explain', { language, signedIn: true });
    await page.getByRole('searchbox').fill('kimi-k2:1t');
    await page.keyboard.press('Enter');
    await page.getByText(say.first).waitFor();
    assert.ok(await page.getByText(say.ready).count() > 10);
    assert.match(page.url(), /model=kimi-k2/);
    quiet(page);
    await page.context().close();
  });

  test(`settings show the parts and the configuration, and no secret (${language})`, async () => {
    const page = await site.open('/dashboard#/settings', { language, signedIn: true, expected: kMayBeMissing });
    await page.getByText(say.database, { exact: true }).waitFor();
    await page.getByText('ADMIN_TOKEN').waitFor();
    const shown = await page.content();
    for (const secret of site.pool.secrets) assert.ok(!shown.includes(secret));
    quiet(page);
    await page.context().close();
  });

  test(`when the pool goes away the last figures stay, marked as old; a page that never loaded says why (${language})`, async () => {
    const page = await site.open('/dashboard', { language, signedIn: true, expected: [/ERR_FAILED/] });
    await page.locator('.stat dd').first().waitFor();
    await page.locator('.time-chart').first().waitFor();
    await page.route('**/admin/**', (route) => route.abort());
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await page.getByText(say.updated).waitFor();
    assert.match(await page.locator('.stat').first().innerText(), /\d/);
    await page.keyboard.press('g');
    await page.keyboard.press('t');
    await page.getByText(say.unreachable).waitFor();
    quiet(page);
    await page.context().close();
  });
}

test('a right-to-left name and one with markup are shown as they are', async () => {
  const page = await site.open('/dashboard#/keys?search=img', { signedIn: true });
  await page.getByText('<img src=x onerror="window.injected=1">').first().waitFor();
  assert.equal(await page.locator('.key-row img').count(), 0);
  await page.goto(new URL(`/dashboard#/keys?search=${encodeURIComponent(kRightToLeftName.slice(1))}`, site.pool.worker.url).href);
  await page.locator('.key-row bdi').first().waitFor();
  assert.equal(await page.locator('.key-row bdi').first().innerText(), `⟨202E⟩${kRightToLeftName.slice(1)}`);
  await page.context().close();
});

test('the keyboard goes everywhere: g and a letter, ? for help, Esc out of it', async () => {
  const page = await site.open('/dashboard', { signedIn: true, expected: kMayBeMissing });
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  for (const [letter, name] of [['k', 'Keys'], ['i', 'Import keys'], ['t', 'Client tokens'], ['e', 'Explain'], ['p', 'Playground'], ['a', 'Audit log'], ['r', 'Reconcile'], ['s', 'Settings and health'], ['o', 'Overview']]) {
    await page.keyboard.press('g');
    await page.keyboard.press(letter);
    await page.getByRole('heading', { name, level: 1 }).waitFor();
  }
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: kSay.en.shortcuts }).waitFor();
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => !document.querySelector('dialog[open]'));
  quiet(page);
  await page.context().close();
});

test('another provider is another pool: its own keys, remembered', async () => {
  const page = await site.open('/dashboard#/keys', { signedIn: true });
  await page.locator('.side').getByRole('button', { name: 'OpenRouter' }).click();
  await page.getByRole('link', { name: 'Overview' }).click();
  await page.getByText('anthropic/claude-sonnet-4').first().waitFor();
  await page.reload();
  await page.getByText('anthropic/claude-sonnet-4').first().waitFor();
  assert.equal(await page.getByText('gpt-oss:120b').count(), 0);
  quiet(page);
  await page.context().close();
});

test('a key that is not there, or an address that is no encoded text, is said to be gone', async () => {
  for (const id of ['0123456789abcdef', '%E0%A4%A']) {
    const page = await site.open(`/dashboard#/keys/${id}`, { signedIn: true, expected: [/status of 40[04]/] });
    await page.getByText(kSay.en.gone).waitFor();
    quiet(page);
    await page.context().close();
  }
});

test('a route that this version of the worker lacks is said to be missing, and the rest of the page works', async () => {
  const page = await site.open('about:blank', { expected: [/status of 404/], signedIn: true });
  await page.route(/\/admin\/(trends|settings|audit|reconcile)/, (route) => route.fulfill({ status: 404, json: { error: 'there is no such route', code: 'not_found' } }));
  for (const path of ['overview', 'settings', 'audit', 'reconcile']) {
    await page.goto(new URL(`/dashboard#/${path}`, site.pool.worker.url).href);
    await page.getByText('Not available in this version').waitFor();
  }
  await page.goto(new URL('/dashboard#/overview', site.pool.worker.url).href);
  await page.getByText('Usable keys').waitFor();
  quiet(page);
  await page.context().close();
});

test('an export that comes in parts is one file', async () => {
  const page = await site.open('/dashboard#/keys', { signedIn: true });
  const next = '0123456789abcdef';
  const asked = [];
  await page.route('**/admin/api-keys/export?**', (route) => {
    const query = new URL(route.request().url()).searchParams;
    asked.push(query.get('after'));
    const isFirst = query.get('after') === null;
    return route.fulfill({ contentType: 'text/csv', body: `key,username,expires_at,status,created_at,id\n"${isFirst ? 'one' : 'two'}","",,active,,\n${isFirst ? `# more: ?after=${next}\n` : ''}` });
  });
  await page.getByRole('button', { name: 'Export…' }).click();
  const waiting = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Download CSV' }).click();
  const file = readFileSync(await (await waiting).path(), 'utf8');
  assert.equal(file, 'key,username,expires_at,status,created_at,id\n"one","",,active,,\n"two","",,active,,\n');
  assert.deepEqual(asked, [null, next]);
  quiet(page);
  await page.context().close();
});
