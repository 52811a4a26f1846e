// What is brought into the pool and what is given out of it: importing keys, making client tokens, and asking in the playground.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, sha256 } from '../e2e/support/pool.mjs';
import { axeViolations, kLanguages, quiet, wholeSite } from './support/browser.mjs';

const site = wholeSite();
const kSay = {
  en: { keys: 'Keys', import: /^Import \d/, finished: 'Import finished', notAccepted: 'Lines that were not accepted', again: 'Import more', create: 'Create a token', createNow: 'Create', name: 'Name', perDay: 'Requests per day', dollars: 'US dollars per day', wrong: 'A whole number, please.', noName: 'Give it a name.', once: /shown this once/, copied: 'I have copied it', change: 'Change', save: 'Save', saved: 'Saved', rotate: 'Rotate', disable: 'Disable', enable: 'Enable', undo: 'Undo', remove: 'Delete', deleted: 'Deleted', none: 'No client tokens yet', token: 'Client token', send: 'Send', stop: 'Stop', raw: 'As received', curl: 'As curl', needed: /are needed/, refused: 'The token is not accepted', model: 'Model', interrupted: /was interrupted/, validate: /Ask the provider/, check: 'Check now', good: /The provider knows this key/, audit: 'Audit log' },
  zh: { keys: '密钥', import: /^导入 \d/, finished: '导入完成', notAccepted: '未接受的行', again: '继续导入', create: '创建令牌', createNow: '创建', name: '名称', perDay: '每日请求数', dollars: '每日费用（美元）', wrong: '请输入整数。', noName: '请填写名称。', once: /只显示这一次/, copied: '我已复制', change: '修改', save: '保存', saved: '已保存', rotate: '轮换', disable: '停用', enable: '启用', undo: '撤销', remove: '删除', deleted: '已删除', none: '还没有客户端令牌', token: '客户端令牌', send: '发送', stop: '停止', raw: '原始内容', curl: 'curl 形式', needed: /需要客户端令牌/, refused: '令牌无效', model: '模型', interrupted: /导入中断/, validate: /向提供方核对/, check: '立即检查', good: /提供方认可此密钥/, audit: '审计日志' },
};

const tokensOf = async () => (await site.pool.calls.call('pool_tokens_list', { provider: 'ollama', page: 1, page_size: 100 })).tokens;

for (const language of kLanguages) {
  const say = kSay[language];

  test(`pasted keys are imported, and what was not accepted is told by line (${language})`, async () => {
    const page = await site.open('/dashboard#/import', { language, signedIn: true });
    await page.getByLabel(say.keys, { exact: true }).fill(`practice-paste-${language}-1\npractice-paste-${language}-2\nwith a space\npractice-paste-${language}-1\n`);
    await page.getByRole('button', { name: say.import }).click();
    await page.getByRole('heading', { name: say.finished }).waitFor();
    assert.deepEqual(await page.locator('.stat dd').allInnerTexts(), ['4', '2', '0', '1', '1']);
    assert.match(await page.getByRole('region', { name: say.notAccepted }).last().innerText(), /3/);
    assert.deepEqual(await axeViolations(page), []);
    quiet(page);
    await page.context().close();
  });

  test(`an import may ask the provider first: what it refuses is named and not kept (${language})`, async () => {
    const page = await site.open('/dashboard#/import', { language, signedIn: true });
    await page.getByLabel(say.keys, { exact: true }).fill(`practice-asked-${language}-0123456789\nstranger-${language}-0123456789`);
    await page.getByLabel(say.validate).check();
    await page.getByRole('button', { name: say.import }).click();
    await page.getByRole('heading', { name: say.finished }).waitFor();
    const [valid, refused, unknown] = (await page.locator('.stat dd').allInnerTexts()).slice(5);
    assert.deepEqual([valid, refused, unknown], ['1', '1', '0']);
    const keys = await site.pool.allKeys();
    assert.equal(keys.filter((row) => row.id === idOf(`practice-asked-${language}-0123456789`))[0].status, 'active');
    assert.equal(keys.some((row) => row.id === idOf(`stranger-${language}-0123456789`)), false);
    assert.deepEqual(await axeViolations(page), []);
    quiet(page);
    await page.context().close();
  });

  test(`an import that asks the provider tells how far it is, from the first call on (${language})`, async () => {
    const page = await site.open('/dashboard#/import', { language, signedIn: true });
    const accepted = [];
    page.on('request', (request) => { if (request.url().includes('import-with-validation')) accepted.push(request.headers().accept); });
    await page.evaluate(() => {
      window.seen = new Set();
      new MutationObserver(() => document.querySelectorAll('main .row-apart').forEach((row) => window.seen.add(row.innerText.split('\n')[0]))).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    await page.getByLabel(say.keys, { exact: true }).fill(Array.from({ length: 50 }, (_, i) => `practice-many-${language}-${String(i).padStart(10, '0')}`).join('\n'));
    await page.getByLabel(say.validate).check();
    await page.getByRole('button', { name: say.import }).click();
    await page.getByRole('heading', { name: say.finished }).waitFor();
    const seen = await page.evaluate(() => [...window.seen]);
    assert.ok(seen.some((text) => /^39 .*50/.test(text)), seen.join(' | ')); // between the calls
    assert.ok(seen.some((text) => /^0 .*50/.test(text)), seen.join(' | ')); // within the first
    assert.deepEqual(accepted, ['application/x-ndjson', 'application/x-ndjson']);
    quiet(page);
    await page.context().close();
  });

  test(`a key is checked on its page, and the audit log tells what was done to it (${language})`, async () => {
    const key = site.pool.keys.ollama[0];
    const page = await site.open(`/dashboard#/keys/${idOf(key)}`, { language, signedIn: true });
    await page.getByRole('button', { name: say.check }).click();
    await page.getByText(say.good).waitFor();
    await page.getByRole('button', { name: say.enable, exact: true }).click();
    await page.locator('.toast').nth(1).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('a');
    await page.getByRole('heading', { name: say.audit, level: 1 }).waitFor();
    await page.locator('tbody tr').first().waitFor();
    assert.match(await page.locator('tbody').innerText(), new RegExp(idOf(key).slice(0, 8)));
    assert.deepEqual(await axeViolations(page), []);
    quiet(page);
    await page.context().close();
  });

  test(`a dropped CSV file brings names, and importing it again changes nothing (${language})`, async () => {
    const page = await site.open('/dashboard#/import', { language, signedIn: true });
    const csv = `key,username,expires_at\npractice-csv-${language}-1,"Doe, Jane",2036-01-01T00:00:00Z\npractice-csv-${language}-2,,\n`;
    for (const [added, existing] of [['2', '0'], ['0', '2']]) {
      const transfer = await page.evaluateHandle((text) => {
        const data = new DataTransfer();
        data.items.add(new File([text], 'keys.csv', { type: 'text/csv' }));
        return data;
      }, csv);
      await page.dispatchEvent('.drop', 'drop', { dataTransfer: transfer });
      await page.getByText('CSV', { exact: true }).waitFor();
      await page.getByRole('button', { name: say.import }).click();
      await page.getByRole('heading', { name: say.finished }).waitFor();
      const figures = await page.locator('.stat dd').allInnerTexts();
      assert.deepEqual([figures[1], figures[2]], [added, existing]);
      await page.getByRole('button', { name: say.again }).click();
    }
    quiet(page);
    await page.context().close();
  });

  test(`an import that is cut off says that it can be started again, and the keys are still there to send (${language})`, async () => {
    const page = await site.open('/dashboard#/import', { language, signedIn: true, expected: [/ERR_FAILED|ERR_CONNECTION/] });
    await page.getByLabel(say.keys, { exact: true }).fill('practice-cut-1');
    await page.route('**/admin/api-keys/import*', (route) => route.abort(), { times: 1 });
    await page.getByRole('button', { name: say.import }).click();
    await page.getByText(say.interrupted).waitFor();
    assert.equal(await page.getByLabel(say.keys, { exact: true }).inputValue(), 'practice-cut-1');
    await page.getByRole('button', { name: say.import }).click();
    await page.getByRole('heading', { name: say.finished }).waitFor();
    quiet(page);
    await page.context().close();
  });

  test(`a token is made with limits, shown once, used, and removed (${language})`, async () => {
    const name = `<b>app</b> ${language}`;
    const page = await site.open('/dashboard#/tokens', { language, signedIn: true });
    await page.getByRole('button', { name: say.create }).first().click();
    const form = page.getByRole('dialog');
    await form.getByLabel(say.perDay).fill('many');
    await form.getByRole('button', { name: say.createNow, exact: true }).click();
    await form.getByText(say.wrong).waitFor();
    await form.getByText(say.noName).waitFor();
    assert.deepEqual(await axeViolations(page), []);
    await form.getByLabel(say.name, { exact: true }).fill(name);
    await form.getByLabel(say.perDay).fill('1000');
    await form.getByLabel(say.dollars).fill('2.50');
    await form.getByRole('button', { name: say.createNow, exact: true }).click();
    await page.getByText(say.once).waitFor();
    const token = await page.locator('.secret code').innerText();
    assert.match(token, /^ep-[0-9a-f]{64}$/);
    site.pool.secrets.push(token);
    for (let i = 0; i < 3; i++) await page.keyboard.press('Escape');
    await page.locator('dialog[open] .secret').waitFor();
    assert.equal(await page.locator('.secret code').innerText(), token);
    assert.deepEqual(await axeViolations(page), []);
    await page.getByRole('button', { name: say.copied }).click();
    const row = page.getByRole('listitem').filter({ hasText: name });
    await row.getByText(say.perDay).waitFor();
    assert.ok(!(await page.content()).includes(token));
    const stored = (await tokensOf()).find((entry) => entry.hash === sha256(token));
    assert.deepEqual([Number(stored.limits.daily_requests), Number(stored.limits.daily_cost_nano)], [1000, 2_500_000_000]);
    assert.equal((await site.pool.chat({}, { token })).status, 200);
    await row.getByRole('button', { name: say.remove }).click();
    await page.getByRole('dialog').getByRole('button', { name: say.remove, exact: true }).click();
    await page.getByText(say.deleted, { exact: true }).waitFor();
    assert.equal((await site.pool.chat({}, { token })).status, 401);
    quiet(page);
    await page.context().close();
  });

  test(`the playground streams an answer in each dialect and says which key gave it (${language})`, async () => {
    const page = await site.open('/dashboard#/playground', { language, signedIn: true, expected: [/status of 401/] });
    await page.getByRole('button', { name: say.send }).click();
    await page.getByText(say.needed).waitFor();
    await page.getByLabel(say.token).fill('wrong');
    await page.getByRole('button', { name: say.send }).click();
    await page.getByText(say.refused).waitFor();
    await page.getByLabel(say.token).fill(site.pool.tokens.ollama);
    for (const dialect of ['OpenAI', 'Anthropic', 'Ollama']) {
      await page.locator('.playground').getByRole('button', { name: dialect, exact: true }).click();
      await page.getByRole('button', { name: say.send }).click();
      await page.locator('a.badge').waitFor();
      await page.waitForFunction(() => document.querySelectorAll('.badge').length >= 5 && !document.querySelector('.caret'));
      assert.match(await page.locator('.answer').innerText(), /practice/);
    }
    await page.getByRole('tab', { name: say.raw }).click();
    assert.match(await page.locator('.code').innerText(), /"done":true/);
    await page.getByRole('tab', { name: say.curl }).click();
    const shown = await page.locator('.code').innerText();
    assert.match(shown, /\/api\/chat/);
    assert.ok(!shown.includes(site.pool.tokens.ollama));
    quiet(page);
    await page.context().close();
  });
}

test('a token is changed, disabled with undo, and rotated: both secrets serve until the grace ends', async () => {
  const say = kSay.en;
  const page = await site.open('/dashboard#/tokens', { signedIn: true });
  const row = page.getByRole('listitem').filter({ hasText: 'practice' });
  await row.getByRole('button', { name: say.change }).click();
  await page.getByRole('dialog').getByLabel('Tokens per day').fill('900000');
  await page.getByRole('button', { name: say.save }).click();
  await page.getByText(say.saved, { exact: true }).waitFor();
  await row.getByText('Tokens per day').waitFor();
  await row.getByRole('button', { name: say.disable }).click();
  await page.getByRole('button', { name: say.undo }).waitFor();
  assert.equal((await tokensOf())[0].disabled, true);
  await page.getByRole('button', { name: say.undo }).click();
  await row.getByRole('button', { name: say.disable }).waitFor();
  await row.getByRole('button', { name: say.rotate }).click();
  await page.getByRole('dialog').getByRole('button', { name: say.rotate, exact: true }).click();
  const token = await page.locator('.secret code').innerText();
  site.pool.secrets.push(token);
  for (const secret of [token, site.pool.tokens.ollama]) assert.equal((await site.pool.chat({}, { token: secret })).status, 200);
  quiet(page);
  await page.context().close();
});

test('a long answer can be stopped in the middle', async () => {
  site.pool.upstream.settings.word_delay_ms = 400;
  const page = await site.open('/dashboard#/playground', { signedIn: true });
  await page.getByLabel('Client token').fill(site.pool.tokens.ollama);
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('.caret').waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByRole('button', { name: 'Send' }).waitFor();
  assert.ok((await page.locator('.answer').innerText()).length > 0);
  site.pool.upstream.settings.word_delay_ms = 0;
  quiet(page);
  await page.context().close();
});

test('the keys that were imported, and the token of the playground, are nowhere in what the pages were served', async () => {
  const page = await site.open('/dashboard#/keys', { signedIn: true });
  await page.locator('.key-row').first().waitFor();
  const shown = await page.content();
  for (const key of ['practice-paste-en-1', ...site.pool.keys.ollama, ...Object.values(site.pool.tokens)]) assert.ok(!shown.includes(key));
  await page.context().close();
});
