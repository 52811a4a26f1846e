// Creating a token or changing one: its name, how long it lives, and what it may use. Empty means no limit.
import { useState } from 'preact/hooks';
import type { Limits, TokenRow } from '../../../api/admin';
import { Button } from '../../../design/button';
import { Dialog } from '../../../design/dialog';
import { Field, TextField } from '../../../design/field';
import { errorWords, Notice } from '../../../design/surface';
import { messages } from '../../../i18n/language';
import { kListLimits, kMoneyLimits, kNumberLimits, limitsOf, textsOf, type LimitName, type LimitTexts } from './limit_rows';

export const limitNames = messages({
  requests_per_minute: 'Requests per minute', tokens_per_minute: 'Tokens per minute', daily_requests: 'Requests per day', daily_tokens: 'Tokens per day', daily_cost_usd: 'US dollars per day', monthly_requests: 'Requests per month', monthly_tokens: 'Tokens per month', monthly_cost_usd: 'US dollars per month', models: 'Models', providers: 'Providers', addresses: 'Client addresses',
}, {
  requests_per_minute: '每分钟请求数', tokens_per_minute: '每分钟 Token 数', daily_requests: '每日请求数', daily_tokens: '每日 Token 数', daily_cost_usd: '每日费用（美元）', monthly_requests: '每月请求数', monthly_tokens: '每月 Token 数', monthly_cost_usd: '每月费用（美元）', models: '模型', providers: '提供方', addresses: '客户端地址',
});

const text = messages({
  createTitle: 'Create a client token', changeTitle: 'Change this token', name: 'Name', nameHint: 'Who or what uses it.', expires: 'Expires', never: 'Never', keep: 'As it is', d1: 'in 1 day', d7: 'in 7 days', d30: 'in 30 days', d90: 'in 90 days', d365: 'in 1 year', limits: 'Limits', limitsNote: 'Empty means no limit. Days and months are UTC.', rates: 'Rates', daily: 'Per day', monthly: 'Per month', allowed: 'Allowed only', create: 'Create', save: 'Save', cancel: 'Cancel', noName: 'Give it a name.', wrongNumber: 'A whole number, please.', wrongMoney: 'An amount like 12.50, please.',
  models: 'One per line; “qwen3*” means all that begin so.', providers: 'ollama, openrouter', addresses: 'One per line: 203.0.113.7 or 10.0.0.0/8',
}, {
  createTitle: '创建客户端令牌', changeTitle: '修改此令牌', name: '名称', nameHint: '使用者或用途。', expires: '有效期', never: '永不过期', keep: '保持不变', d1: '1 天后', d7: '7 天后', d30: '30 天后', d90: '90 天后', d365: '1 年后', limits: '限制', limitsNote: '留空表示不限。日和月按 UTC 计算。', rates: '速率', daily: '每日', monthly: '每月', allowed: '仅允许', create: '创建', save: '保存', cancel: '取消', noName: '请填写名称。', wrongNumber: '请输入整数。', wrongMoney: '请输入类似 12.50 的金额。',
  models: '每行一个；“qwen3*” 表示所有以此开头的模型。', providers: 'ollama, openrouter', addresses: '每行一个：203.0.113.7 或 10.0.0.0/8',
});

const kDay_s = 86_400;
const kLives_s = [['d1', kDay_s], ['d7', 7 * kDay_s], ['d30', 30 * kDay_s], ['d90', 90 * kDay_s], ['d365', 365 * kDay_s]] as const;

export interface TokenFormResult { name: string; expiresIn: number | null; limits: Limits }

interface FormProps { token: TokenRow | null; onSubmit: (result: TokenFormResult) => Promise<void>; onClose: () => void }

function LimitGroup({ title, names, texts, wrong, onText }: { title: string; names: readonly LimitName[]; texts: LimitTexts; wrong: LimitName[]; onText: (name: LimitName, value: string) => void }) {
  const labels = limitNames();
  const words = text();
  const isMoney = (name: LimitName) => (kMoneyLimits as readonly string[]).includes(name);
  const isList = (name: LimitName): name is (typeof kListLimits)[number] => (kListLimits as readonly string[]).includes(name);
  return (
    <fieldset class="limit-group"><legend class="field-label">{title}</legend>
      {names.map((name) => (isList(name)
        ? <Field key={name} label={labels[name]} hint={words[name]}>{(ids) => <textarea {...ids} class="input mono short" rows={2} spellcheck={false} value={texts[name] ?? ''} onInput={(event) => onText(name, event.currentTarget.value)} />}</Field>
        : <TextField key={name} label={labels[name]} inputMode={isMoney(name) ? 'decimal' : 'numeric'} value={texts[name] ?? ''} onValue={(value) => onText(name, value)} wrong={wrong.includes(name) ? (isMoney(name) ? words.wrongMoney : words.wrongNumber) : null} />))}
    </fieldset>
  );
}

/** `token` null: a new one. */
export function TokenForm({ token, onSubmit, onClose }: FormProps) {
  const [name, setName] = useState(token?.name ?? '');
  const [life, setLife] = useState(token ? 'keep' : 'never');
  const [texts, setTexts] = useState<LimitTexts>(textsOf(token?.limits ?? null));
  const [wrong, setWrong] = useState<LimitName[]>([]);
  const [isNameless, setNameless] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const words = text();
  const group = { texts, wrong, onText: (limit: LimitName, value: string) => setTexts({ ...texts, [limit]: value }) };
  const submit = async (event: Event) => {
    event.preventDefault();
    const read = limitsOf(texts);
    setWrong(read.wrong);
    setNameless(name.trim() === '');
    if (read.wrong.length > 0 || name.trim() === '') return;
    setBusy(true);
    setFailure(null);
    try {
      await onSubmit({ name: name.trim(), expiresIn: life === 'keep' ? null : life === 'never' ? 0 : kLives_s.find(([key]) => key === life)![1], limits: read.limits });
    } catch (error) {
      setFailure(error);
      setBusy(false);
    }
  };
  return (
    <Dialog wide title={token ? words.changeTitle : words.createTitle} onClose={onClose} foot={<><Button onClick={onClose}>{words.cancel}</Button><Button kind="primary" type="submit" form="token-form" busy={isBusy}>{token ? words.save : words.create}</Button></>}>
      <form id="token-form" class="stack" noValidate onSubmit={(event) => void submit(event)}>
        {failure !== null && <Notice tone="bad" live><strong>{errorWords(failure).title}</strong><div class="small">{errorWords(failure).note}</div></Notice>}
        <div class="two-fields">
          <TextField label={words.name} hint={words.nameHint} value={name} onValue={setName} wrong={isNameless ? words.noName : null} />
          <Field label={words.expires}>{(ids) => <select {...ids} class="input wide-select" value={life} onChange={(event) => setLife(event.currentTarget.value)}>{token && <option value="keep">{words.keep}</option>}<option value="never">{words.never}</option>{kLives_s.map(([key]) => <option key={key} value={key}>{words[key]}</option>)}</select>}</Field>
        </div>
        <div class="stack-tight"><h3>{words.limits}</h3><p class="muted small">{words.limitsNote}</p></div>
        <div class="limit-grid">
          <LimitGroup title={words.rates} names={kNumberLimits.slice(0, 2)} {...group} />
          <LimitGroup title={words.daily} names={['daily_requests', 'daily_tokens', 'daily_cost_usd']} {...group} />
          <LimitGroup title={words.monthly} names={['monthly_requests', 'monthly_tokens', 'monthly_cost_usd']} {...group} />
        </div>
        <LimitGroup title={words.allowed} names={kListLimits} {...group} />
      </form>
    </Dialog>
  );
}
