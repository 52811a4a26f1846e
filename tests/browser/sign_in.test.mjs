// Signing in to the dashboard, staying signed in, and a session that ends while something is being done.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axeViolations, kLanguages, kNarrowest, overflow, quiet, wholeSite } from './support/browser.mjs';

const site = wholeSite();
const kRefused = [/status of 401/, /status of 429/, /status of 503/];
const kSay = {
  en: { title: 'Sign in', token: 'Admin token', signIn: 'Sign in', wrong: 'This is not the admin token.', empty: 'Enter the admin token.', remember: /Remember me/, overview: 'Overview', ended: 'Your session has ended', disable: 'Disable…', disableNow: 'Disable', disabled: '1 disabled', signOut: 'Sign out', slow: 'The pool cannot be reached', busy: /Try again in \d+ s/, unconfigured: /not configured yet/ },
  zh: { title: '登录', token: '管理令牌', signIn: '登录', wrong: '管理令牌不正确。', empty: '请输入管理令牌。', remember: /记住我/, overview: '概览', ended: '会话已结束', disable: '停用…', disableNow: '停用', disabled: '已停用 1 个', signOut: '退出登录', slow: '无法连接到服务', busy: /请在 \d+ 秒后重试/, unconfigured: /尚未配置/ },
};

async function signIn(page, say, token) {
  await page.getByLabel(say.token).fill(token);
  await page.getByRole('button', { name: say.signIn, exact: true }).click();
}

for (const language of kLanguages) {
  const say = kSay[language];

  test(`a wrong token is told, the right one opens the overview and is forgotten with the tab (${language})`, async () => {
    const page = await site.open('/dashboard', { language, expected: kRefused });
    await page.getByRole('heading', { name: say.title }).waitFor();
    await page.getByRole('button', { name: say.signIn, exact: true }).click();
    await page.getByText(say.empty).waitFor();
    await signIn(page, say, 'wrong-token');
    await page.getByText(say.wrong).waitFor();
    assert.equal(await page.getByLabel(say.token).getAttribute('aria-invalid'), 'true');
    await signIn(page, say, site.pool.adminToken);
    await page.getByRole('heading', { name: say.overview, level: 1 }).waitFor();
    assert.deepEqual(await page.evaluate(() => [localStorage.getItem('edgepool.admin'), sessionStorage.getItem('edgepool.admin') !== null]), [null, true]);
    assert.doesNotMatch(page.url(), new RegExp(site.pool.adminToken));
    quiet(page);
    await page.context().close();
  });

  test(`a session that ends in mid-action comes back to the sign-in, and the action is done after it (${language})`, async () => {
    const page = await site.open('/dashboard#/keys', { language, signedIn: true, expected: kRefused });
    await page.locator('.key-row input').first().check();
    await page.getByRole('button', { name: say.disable }).click();
    let refused = 0;
    await page.route('**/admin/keys/disable', (route) => route.continue(refused++ === 0 ? { headers: { ...route.request().headers(), authorization: 'Bearer ended' } } : {}));
    await page.getByRole('dialog').getByRole('button', { name: say.disableNow, exact: true }).click();
    await page.getByRole('dialog', { name: say.ended }).waitFor();
    await signIn(page, say, site.pool.adminToken);
    await page.getByText(say.disabled, { exact: true }).waitFor();
    assert.equal(refused, 2);
    assert.equal((await site.pool.allKeys()).filter((row) => row.status === 'disabled').length, 1);
    await site.pool.calls.call('pool_keys_set', { provider: 'ollama', keys: site.pool.keys.ollama, status: 'active' });
    quiet(page);
    await page.context().close();
  });

  test(`the sign-in has no axe violation and fits 320 px (${language})`, async () => {
    const page = await site.open('/dashboard', { language, viewport: kNarrowest });
    await page.getByRole('heading', { name: say.title }).waitFor();
    assert.deepEqual(await axeViolations(page), []);
    assert.ok(await overflow(page) <= 0);
    await page.context().close();
  });

  test(`a pool that cannot be reached, slows one down or is not configured is told as that (${language})`, async () => {
    const page = await site.open('/dashboard', { language, expected: [...kRefused, /ERR_FAILED|ERR_CONNECTION/] });
    const answer = { abort: (route) => route.abort(), busy: (route) => route.fulfill({ status: 429, headers: { 'retry-after': '7' }, json: { error: 'slow down', code: 'too_many' } }), unconfigured: (route) => route.fulfill({ status: 503, json: { error: 'set ADMIN_TOKEN', code: 'not_configured' } }) };
    for (const [kind, seen] of [['abort', say.slow], ['unconfigured', say.unconfigured], ['busy', say.busy]]) {
      await page.unroute('**/admin/stats*');
      await page.route('**/admin/stats*', answer[kind]);
      await signIn(page, say, 'any');
      await page.getByText(seen).waitFor();
    }
    assert.ok(await page.getByRole('button', { name: say.signIn, exact: true }).isDisabled());
    quiet(page);
    await page.context().close();
  });
}

test('a remembered token outlives the tab, and signing out forgets it', async () => {
  const say = kSay.en;
  const page = await site.open('/dashboard');
  await page.getByLabel(say.remember).check();
  await signIn(page, say, site.pool.adminToken);
  await page.getByRole('heading', { name: say.overview, level: 1 }).waitFor();
  const other = await page.context().newPage();
  await other.goto(page.url());
  await other.getByRole('heading', { name: say.overview, level: 1 }).waitFor();
  await other.getByRole('button', { name: say.signOut }).click();
  await other.getByRole('heading', { name: say.title }).waitFor();
  assert.equal(await other.evaluate(() => localStorage.getItem('edgepool.admin')), null);
  await page.context().close();
});
