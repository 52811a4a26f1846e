// Client tokens: who may use the pool, how much each has used of what it may, and making, changing, rotating and removing them.
import { useState } from 'preact/hooks';
import * as admin from '../../../api/admin';
import { figure, type TokenRow } from '../../../api/admin';
import { useResource } from '../../../api/resource';
import { Button } from '../../../design/button';
import { Confirm } from '../../../design/dialog';
import { visibleText } from '../../../design/model_name';
import { Badge, Card, Empty, errorWords, ErrorState, Meter, Notice, Skeleton, StaleNotice } from '../../../design/surface';
import { showToast } from '../../../design/toast';
import { formatCompact, formatDateTime, formatMoney, formatNumber } from '../../../i18n/format';
import { messages } from '../../../i18n/language';
import { now } from '../clock';
import { provider } from '../place';
import { Countdown, Moment, PageHead } from '../words';
import { budgetsOf, type Budget } from './limit_rows';
import { NewToken } from './new_token';
import { limitNames, TokenForm, type TokenFormResult } from './token_form';

const kRefresh_ms = 15_000;
const kGrace_s = 86_400;
const kNearlyFull = 0.8;

const text = messages({
  title: 'Client tokens', note: 'Each application gets its own token. Only a hash is kept: a token is shown once, when it is made.', create: 'Create a token', none: 'No client tokens yet', noneNote: 'A client token is what applications send in place of a provider’s key.', requests: 'Requests', cost: 'Cost', created: 'created',
  change: 'Change', rotate: 'Rotate', remove: 'Delete', disable: 'Disable', enable: 'Enable', disabled: 'Disabled', expired: 'Expired', active: 'Active', unlimited: 'No limits', expires: 'expires', removeTitle: (name: string) => `Delete “${name}”?`, removeNote: 'Applications that use it are refused at once. Its figures go with it. This cannot be undone; disabling can.', rotateTitle: (name: string) => `Rotate “${name}”?`, rotateNote: 'A new secret is made and shown once. The old one keeps working for 24 hours, so that applications can change over.', undo: 'Undo', done: 'Saved', removed: 'Deleted', isDisabled: (name: string) => `“${name}” is disabled`, isEnabled: (name: string) => `“${name}” is enabled`,
  restricted: (what: string) => `Only ${what}`, grace: 'The old secret still works:', search: 'Search by name', noMatch: 'No token has such a name', of: (used: string, limit: string) => `${used} of ${limit}`,
}, {
  title: '客户端令牌', note: '每个应用使用各自的令牌。系统只保存哈希：令牌仅在创建时显示一次。', create: '创建令牌', none: '还没有客户端令牌', noneNote: '应用用客户端令牌代替提供方的密钥。', requests: '请求', cost: '费用', created: '创建于',
  change: '修改', rotate: '轮换', remove: '删除', disable: '停用', enable: '启用', disabled: '已停用', expired: '已过期', active: '可用', unlimited: '无限制', expires: '过期于', removeTitle: (name: string) => `要删除“${name}”吗？`, removeNote: '使用它的应用会立即被拒绝，其统计一并删除。此操作无法撤销；停用则可以恢复。', rotateTitle: (name: string) => `要轮换“${name}”吗？`, rotateNote: '将生成新的密文并仅显示一次。旧的在 24 小时内仍可使用，便于应用切换。', undo: '撤销', done: '已保存', removed: '已删除', isDisabled: (name: string) => `“${name}”已停用`, isEnabled: (name: string) => `“${name}”已启用`,
  restricted: (what: string) => `仅限 ${what}`, grace: '旧密文仍可使用：', search: '按名称搜索', noMatch: '没有此名称的令牌', of: (used: string, limit: string) => `${used} / ${limit}`,
});

function tell(error: unknown): void {
  const { title, note } = errorWords(error);
  showToast(`${title}: ${note}`, { tone: 'bad' });
}

function BudgetBar({ budget }: { budget: Budget }) {
  const format = budget.isMoney ? formatMoney : formatCompact;
  const label = limitNames()[budget.name];
  return (
    <div class="budget">
      <div class="row-apart small"><span class="muted">{label}</span><span class="number">{text().of(format(budget.used), format(budget.limit))}</span></div>
      <Meter share={budget.share} label={label} tone={budget.share >= 1 ? 'bad' : budget.share >= kNearlyFull ? 'warn' : undefined} />
    </div>
  );
}

function LimitCell({ row }: { row: TokenRow }) {
  const words = text();
  const names = limitNames();
  const { limits } = row;
  const budgets = budgetsOf(limits, row.used);
  const rates = ([['requests_per_minute', limits?.requests_per_minute], ['tokens_per_minute', limits?.tokens_per_minute]] as const).filter(([, limit]) => limit != null);
  const allowed = [...(limits?.models ?? []), ...(limits?.providers ?? []), ...(limits?.addresses ?? [])];
  if (budgets.length + rates.length + allowed.length === 0) return <span class="faint">{words.unlimited}</span>;
  return (
    <div class="stack-tight">
      {budgets.map((budget) => <BudgetBar key={budget.name} budget={budget} />)}
      {rates.map(([name, limit]) => <div key={name} class="row-apart small"><span class="muted">{names[name]}</span><span class="number">{formatCompact(limit!)}</span></div>)}
      {allowed.length > 0 && <div class="small muted break">{words.restricted(allowed.join(', '))}</div>}
    </div>
  );
}

type Asked = { what: 'create' } | { what: 'change' | 'rotate' | 'remove'; row: TokenRow };

function Row({ row, onAsk, onSwitch }: { row: TokenRow; onAsk: (asked: Asked) => void; onSwitch: (row: TokenRow) => void }) {
  const words = text();
  const isExpired = row.expires_at !== null && Date.parse(row.expires_at) <= now.value;
  return (
    <li class="token-row">
      <div class="token-name">
        <strong><bdi>{visibleText(row.name)}</bdi></strong>
        <div class="row small"><code class="faint">{row.hint}</code>{row.disabled ? <Badge>{words.disabled}</Badge> : isExpired ? <Badge tone="bad">{words.expired}</Badge> : <Badge tone="good">{words.active}</Badge>}</div>
        <div class="faint small">{words.created} <Moment at={row.created_at} />{row.expires_at && <> · {words.expires} <time dateTime={row.expires_at}>{formatDateTime(row.expires_at)}</time></>}</div>
        {row.grace_until && Date.parse(row.grace_until) > now.value && <div class="small muted">{words.grace} <Countdown until={row.grace_until} /></div>}
      </div>
      <div class="token-limits"><LimitCell row={row} /></div>
      <dl class="token-figures"><div><dt>{words.requests}</dt><dd>{formatNumber(figure(row.total_requests))}</dd></div><div><dt>{words.cost}</dt><dd>{formatMoney(figure(row.cost_nano))}</dd></div></dl>
      <div class="token-actions">
        <Button size="small" onClick={() => onAsk({ what: 'change', row })}>{words.change}</Button>
        <Button size="small" onClick={() => onSwitch(row)}>{row.disabled ? words.enable : words.disable}</Button>
        <Button size="small" onClick={() => onAsk({ what: 'rotate', row })}>{words.rotate}</Button>
        <Button size="small" kind="danger" icon="trash" aria-label={`${words.remove}: ${row.name}`} onClick={() => onAsk({ what: 'remove', row })} />
      </div>
    </li>
  );
}

export function Page() {
  const [asked, setAsked] = useState<Asked | null>(null);
  const [made, setMade] = useState<{ token: string; name: string } | null>(null);
  const [search, setSearch] = useState('');
  const [isBusy, setBusy] = useState(false);
  const id = provider.value;
  const words = text();
  const found = useResource(`tokens ${id} ${search}`, (signal) => admin.tokens(id, 1, search, signal), { refresh_ms: kRefresh_ms });
  const rows = found.data?.tokens ?? [];
  const close = () => setAsked(null);

  const submit = async ({ name, expiresIn, limits }: TokenFormResult) => {
    if (asked?.what === 'change') {
      await admin.changeToken(id, asked.row.hash, { name, limits, ...(expiresIn === null ? {} : { expiresIn }) });
      showToast(words.done);
    } else {
      setMade(await admin.createToken(id, { name, expiresIn: expiresIn ?? 0, limits }));
    }
    close();
    void found.reload();
  };
  const switchTo = async (row: TokenRow, disabled: boolean, mayUndo: boolean) => {
    try {
      await admin.changeToken(id, row.hash, { disabled });
      showToast(disabled ? words.isDisabled(row.name) : words.isEnabled(row.name), mayUndo ? { action: { label: words.undo, run: () => void switchTo(row, !disabled, false) } } : {});
      void found.reload();
    } catch (error) {
      tell(error);
    }
  };
  const confirm = async (work: () => Promise<void>) => {
    setBusy(true);
    await work().then(close, tell);
    setBusy(false);
    void found.reload();
  };

  return (
    <>
      <PageHead title={words.title} note={words.note} actions={<Button kind="primary" icon="plus" onClick={() => setAsked({ what: 'create' })}>{words.create}</Button>} />
      <div class="stack">
        {found.stale && <StaleNotice onRetry={() => void found.reload()} />}
        {(rows.length > 5 || search) && <div class="search-box"><input type="search" class="input plain-search" aria-label={words.search} placeholder={words.search} value={search} onInput={(event) => setSearch(event.currentTarget.value)} /></div>}
        <Card flush>
          {found.loading && <div class="card-body"><Skeleton lines={6} /></div>}
          {found.error && !found.data ? <ErrorState level={2} error={found.error} onRetry={() => void found.reload()} /> : null}
          {found.data && rows.length === 0 && (search ? <Empty level={2} title={words.noMatch} /> : <Empty level={2} title={words.none} actions={<Button kind="primary" icon="plus" onClick={() => setAsked({ what: 'create' })}>{words.create}</Button>}>{words.noneNote}</Empty>)}
          {rows.length > 0 && <ul class="token-list" aria-label={words.title}>{rows.map((row) => <Row key={row.hash} row={row} onAsk={setAsked} onSwitch={(chosen) => void switchTo(chosen, !chosen.disabled, true)} />)}</ul>}
        </Card>
      </div>
      {(asked?.what === 'create' || asked?.what === 'change') && <TokenForm token={asked.what === 'change' ? asked.row : null} onSubmit={submit} onClose={close} />}
      {asked?.what === 'rotate' && <Confirm title={words.rotateTitle(asked.row.name)} action={words.rotate} busy={isBusy} onClose={close} onConfirm={() => void confirm(async () => setMade(await admin.rotateToken(id, asked.row.hash, kGrace_s)))}><p class="muted">{words.rotateNote}</p></Confirm>}
      {asked?.what === 'remove' && <Confirm title={words.removeTitle(asked.row.name)} action={words.remove} danger busy={isBusy} onClose={close} onConfirm={() => void confirm(async () => { await admin.removeToken(id, asked.row.hash); showToast(words.removed); })}><Notice tone="warn">{words.removeNote}</Notice></Confirm>}
      {made && <NewToken {...made} provider={id} onClose={() => setMade(null)} />}
    </>
  );
}
