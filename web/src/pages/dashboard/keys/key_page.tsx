// One key: its state with the reason, the countdown and the evidence, its figures, and what can be done with it.
import { useState } from 'preact/hooks';
import * as admin from '../../../api/admin';
import { figure, type KeyDetail } from '../../../api/admin';
import { ApiError } from '../../../api/client';
import { useResource } from '../../../api/resource';
import { Card, Code, Empty, errorWords, ErrorState, Notice, Skeleton, StaleNotice, Stat, Stats } from '../../../design/surface';
import { Button, CopyButton } from '../../../design/button';
import { Icon } from '../../../design/icon';
import { ModelName, visibleText } from '../../../design/model_name';
import { showToast } from '../../../design/toast';
import { formatCompact, formatDateTime, formatMoney, formatNumber, formatPercent } from '../../../i18n/format';
import { messages } from '../../../i18n/language';
import { goTo, hrefOf, provider } from '../place';
import { Countdown, Moment, PageHead, reasonWords, StateBadge } from '../words';
import { KeyActions } from './key_actions';

const kRefresh_ms = 10_000;

const text = messages({
  back: 'All keys', gone: 'There is no such key', goneNote: 'It may have been deleted, or belong to the other provider.', requests: 'Attempts', rate: 'Success rate', tokens: 'Tokens', cost: 'Cost', fails: 'Failures in a row', state: 'State', id: 'Public id', name: 'Name', created: 'Added', expires: 'Expires', lastSuccess: 'Last success', lastFailure: 'Last failure', refusals: 'Refusals in a row',
  evidence: 'Evidence', evidenceNote: 'What the provider answered when the state was last judged.', noEvidence: 'No judgement has been made of this key yet.', models: 'Benched for single models', model: 'Model', until: 'Until', quota: 'Quota', reason: (words: string) => `Because: ${words}.`, copyId: 'id', check: 'Check now', good: 'The provider knows this key and has nothing against it.', notGood: (why: string) => `The provider says: ${why}.`, failed: (n: string) => `${n} failed`,
}, {
  back: '全部密钥', gone: '没有此密钥', goneNote: '可能已被删除，或属于另一个提供方。', requests: '尝试次数', rate: '成功率', tokens: 'Token', cost: '费用', fails: '连续失败', state: '状态', id: '公开 ID', name: '名称', created: '添加时间', expires: '过期时间', lastSuccess: '最近成功', lastFailure: '最近失败', refusals: '连续被拒',
  evidence: '依据', evidenceNote: '上次判定状态时提供方的应答。', noEvidence: '尚未对此密钥作出判定。', models: '仅对个别模型暂停', model: '模型', until: '直到', quota: '额度', reason: (words: string) => `原因：${words}。`, copyId: 'ID', check: '立即检查', good: '提供方认可此密钥，没有异议。', notGood: (why: string) => `提供方表示：${why}。`, failed: (n: string) => `${n} 次失败`,
});

const isEmpty = (value: unknown) => value === null || value === undefined || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);
const pretty = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value, null, 2));

function Facts({ row }: { row: KeyDetail }) {
  const words = text();
  const facts: [string, preact.ComponentChildren][] = [
    [words.id, <span class="row"><code>{row.id}</code><CopyButton value={row.id} label={words.copyId} /></span>],
    [words.name, row.username ? <bdi>{visibleText(row.username)}</bdi> : '–'],
    [words.created, row.created_at ? formatDateTime(row.created_at) : '–'],
    [words.expires, row.expires_at ? formatDateTime(row.expires_at) : '–'],
    [words.lastSuccess, <Moment at={row.last_success} />],
    [words.lastFailure, <Moment at={row.last_failure} />],
    [words.refusals, formatNumber(figure(row.refusals))],
    ...(isEmpty(row.quota) ? [] : [[words.quota, <code class="break">{pretty(row.quota)}</code>] as [string, preact.ComponentChildren]]),
  ];
  return <dl class="facts">{facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}

/** Asks the provider about this key; its state is then loaded anew. */
function CheckNow({ id, onChecked }: { id: string; onChecked: () => void }) {
  const [isBusy, setBusy] = useState(false);
  const words = text();
  const check = async () => {
    setBusy(true);
    try {
      const { notGood } = await admin.checkKeys(provider.value, { ids: [id] });
      const fault = notGood?.find((row) => row.id === id);
      showToast(fault ? words.notGood(reasonWords(fault.reason ?? fault.standing)) : words.good);
    } catch (error) {
      showToast(errorWords(error).title, { tone: 'bad' });
    }
    setBusy(false);
    onChecked();
  };
  return <Button icon="refresh" busy={isBusy} onClick={() => void check()}>{words.check}</Button>;
}

function ModelBenches({ models }: { models: NonNullable<KeyDetail['models']> }) {
  const words = text();
  return (
    <Card title={words.models} flush>
      <div class="table-scroll" tabIndex={0} role="region" aria-label={words.models}>
        <table class="table">
          <thead><tr><th scope="col">{words.model}</th><th scope="col">{words.state}</th><th scope="col">{words.until}</th></tr></thead>
          <tbody>{models.map((bench) => <tr key={bench.model}><td class="break"><ModelName name={bench.model} /></td><td>{reasonWords(bench.reason)}</td><td><Countdown until={bench.until_ms} /></td></tr>)}</tbody>
        </table>
      </div>
    </Card>
  );
}

export function KeyPage({ id }: { id: string }) {
  const pool = provider.value;
  const found = useResource(`key ${pool} ${id}`, (signal) => admin.key(pool, id, signal), { refresh_ms: kRefresh_ms });
  const words = text();
  const back = <a class="back-link" href={hrefOf('keys')}><Icon name="back" />{words.back}</a>;
  const row = found.data;
  // 400: what the address holds is no id at all.
  if (found.error instanceof ApiError && [400, 404].includes(found.error.status)) return <>{back}<h1 class="visually-hidden">{id}</h1><Card><Empty level={2} title={words.gone}>{words.goneNote}</Empty></Card></>;
  if (!row) return <>{back}<h1 class="mono">{id}</h1><Card>{found.error ? <ErrorState level={2} error={found.error} onRetry={() => void found.reload()} /> : <Skeleton lines={8} />}</Card></>;
  const total = figure(row.total_requests);
  const chosen = new Map([[row.id, { status: row.status, until: row.until }]]);
  const isInService = row.status === 'active';
  return (
    <>
      {back}
      <PageHead title={<span class="mono">{row.api_key}</span>} note={<span class="row"><StateBadge state={row.status} />{row.until && !isInService && <Countdown until={row.until} />}</span>}
        actions={<><CheckNow id={row.id} onChecked={() => void found.reload()} /><KeyActions provider={pool} chosen={chosen} size="medium" onDone={(what) => (what === 'removed' ? goTo('keys') : void found.reload())} /></>} />
      <div class="stack">
        {found.stale && <StaleNotice onRetry={() => void found.reload()} />}
        {!isInService && row.reason && <Notice tone={row.status === 'failed' ? 'warn' : 'neutral'}>{words.reason(reasonWords(row.reason))}</Notice>}
        <Stats>
          <Stat label={words.requests} value={formatCompact(total)} note={words.failed(formatCompact(figure(row.failure_count)))} />
          <Stat label={words.rate} value={total > 0 ? formatPercent(figure(row.success_count) / total) : '–'} />
          <Stat label={words.tokens} value={formatCompact(figure(row.prompt_tokens) + figure(row.completion_tokens))} />
          <Stat label={words.cost} value={formatMoney(figure(row.cost_nano))} />
          <Stat label={words.fails} value={formatNumber(figure(row.consecutive_failures))} />
        </Stats>
        <Card><Facts row={row} /></Card>
        {row.models && row.models.length > 0 && <ModelBenches models={row.models} />}
        <Card title={words.evidence} note={words.evidenceNote}>{isEmpty(row.evidence) ? <p class="muted">{words.noEvidence}</p> : <Code label={words.evidence}>{pretty(row.evidence)}</Code>}</Card>
      </div>
    </>
  );
}
