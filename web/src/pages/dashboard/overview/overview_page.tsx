// The overview: what needs attention, the figures of the chosen time, their trends, the models most asked for. Reloads while visible.
import { useState } from 'preact/hooks';
import * as admin from '../../../api/admin';
import { figure, type Trends, type Window } from '../../../api/admin';
import { health } from '../../../api/public';
import { useResource } from '../../../api/resource';
import { Segmented } from '../../../design/field';
import { ModelName } from '../../../design/model_name';
import { Card, Empty, ErrorState, Skeleton, StaleNotice, Stat, Stats } from '../../../design/surface';
import { formatCompact, formatMilliseconds, formatMoney, formatNumber, formatPercent } from '../../../i18n/format';
import { messages } from '../../../i18n/language';
import { now } from '../clock';
import { hrefOf, provider } from '../place';
import { Moment, PageHead } from '../words';
import { findings } from './attention';
import { AttentionList } from './attention_list';
import { TrendCharts } from './trend_charts';

const kRefresh_ms = 15_000;
const kSlowRefresh_ms = 60_000;
const kMostTokens = 1000; // looked at for budgets: what one call gives

const text = messages({
  title: 'Overview', day: '24 hours', month: '30 days', window: 'Time shown', requests: 'Requests', rate: 'Success rate', tokens: 'Tokens', cost: 'Cost', latency: 'Time to first byte', keys: 'Usable keys',
  allTime: (n: string) => `${n} in all`, failed: (n: string) => `${n} failed`, estimated: (n: string) => `${n} estimated`, ofKeys: (n: string) => `of ${n}`, mean: 'mean of successes', noteCost: 'as the provider reported',
  updated: 'Updated', models: 'Top models', model: 'Model', noModels: 'No model has been asked for in this time.', noTrends: 'Trends', try: 'Try it in the playground',
}, {
  title: '概览', day: '24 小时', month: '30 天', window: '时间范围', requests: '请求', rate: '成功率', tokens: 'Token', cost: '费用', latency: '首字节时间', keys: '可用密钥',
  allTime: (n: string) => `累计 ${n}`, failed: (n: string) => `${n} 次失败`, estimated: (n: string) => `其中估算 ${n}`, ofKeys: (n: string) => `共 ${n}`, mean: '成功请求的平均值', noteCost: '按提供方报告',
  updated: '更新于', models: '热门模型', model: '模型', noModels: '此期间没有模型被请求。', noTrends: '趋势', try: '去试用',
});

const share = (part: number, whole: number) => (whole > 0 ? formatPercent(part / whole) : '–');

function TopModels({ models }: { models: Trends['models'] }) {
  const words = text();
  if (models.length === 0) return <Card title={words.models}><Empty title={words.noModels} actions={<a class="button" href={hrefOf('playground')}>{words.try}</a>} /></Card>;
  const most = Math.max(...models.map((row) => figure(row.requests)));
  return (
    <Card title={words.models} flush>
      <div class="table-scroll" tabIndex={0} role="region" aria-label={words.models}>
        <table class="table">
          <thead><tr><th scope="col">{words.model}</th><th scope="col" class="end">{words.requests}</th><th scope="col" class="end">{words.rate}</th><th scope="col" class="end">{words.tokens}</th><th scope="col" class="end">{words.cost}</th><th scope="col" class="end">{words.latency}</th></tr></thead>
          <tbody>{models.map((row) => (
            <tr key={row.model}>
              <td><div class="model-cell"><ModelName name={row.model} /></div><span class="share" style={{ width: `${(figure(row.requests) / most) * 100}%` }} /></td>
              <td class="end">{formatNumber(figure(row.requests))}</td>
              <td class="end">{share(figure(row.success), figure(row.requests))}</td>
              <td class="end">{formatCompact(figure(row.prompt_tokens) + figure(row.completion_tokens))}</td>
              <td class="end">{formatMoney(figure(row.cost_nano))}</td>
              <td class="end">{row.latency_ms === null ? '–' : formatMilliseconds(figure(row.latency_ms))}</td>
            </tr>
          ))}</tbody>
        </table>
      </div>
    </Card>
  );
}

/** The figures of the chosen time, or of all time where this version of the worker knows no trends. */
function FigureRow({ stats, trends }: { stats: admin.Stats | null; trends: Trends | null }) {
  const words = text();
  const totals = trends?.totals ?? (stats && { requests: stats.total_requests, success: stats.success_count, failure: stats.failure_count, prompt_tokens: stats.prompt_tokens, completion_tokens: stats.completion_tokens, estimated_tokens: stats.estimated_tokens, cost_nano: stats.cost_nano, latency_ms: null });
  const requests = figure(totals?.requests);
  const estimated = figure(totals?.estimated_tokens);
  return (
    <Stats>
      <Stat label={words.requests} value={totals && formatCompact(requests)} title={formatNumber(requests)} note={stats && trends && words.allTime(formatCompact(figure(stats.total_requests)))} />
      <Stat label={words.rate} value={totals && share(figure(totals.success), requests)} note={totals && words.failed(formatCompact(figure(totals.failure)))} />
      <Stat label={words.tokens} value={totals && formatCompact(figure(totals.prompt_tokens) + figure(totals.completion_tokens))} note={estimated > 0 && words.estimated(formatCompact(estimated))} />
      <Stat label={words.cost} value={totals && formatMoney(figure(totals.cost_nano))} note={words.noteCost} />
      <Stat label={words.latency} value={totals && (totals.latency_ms === null ? '–' : formatMilliseconds(figure(totals.latency_ms)))} note={words.mean} />
      <Stat label={words.keys} value={stats && formatNumber(stats.active_keys)} note={stats && words.ofKeys(formatNumber(stats.total_api_keys))} />
    </Stats>
  );
}

export function Page() {
  const [window, setWindow] = useState<Window>('24h');
  const id = provider.value;
  const words = text();
  const stats = useResource(`stats ${id}`, (signal) => admin.stats(id, signal), { refresh_ms: kRefresh_ms });
  const trends = useResource(`trends ${id} ${window}`, (signal) => admin.trends(id, window, signal), { refresh_ms: kRefresh_ms });
  const state = useResource('health', health, { refresh_ms: kRefresh_ms });
  const settings = useResource('settings', admin.settings, { refresh_ms: kSlowRefresh_ms });
  const tokens = useResource(`all tokens ${id}`, (signal) => admin.tokens(id, 1, '', signal, kMostTokens), { refresh_ms: kSlowRefresh_ms });
  const known = { provider: id, health: state.data, stats: stats.data, settings: settings.data, tokens: tokens.data?.tokens ?? [], latest: window === '24h' ? trends.data?.rows.at(-1) ?? null : null, now_ms: now.value };
  const reloadAll = () => void Promise.all([stats.reload(), trends.reload(), state.reload(), settings.reload(), tokens.reload()]);

  const head = (
    <PageHead title={words.title} note={stats.loadedAt_ms > 0 && <>{words.updated} <Moment at={stats.loadedAt_ms} /></>}
      actions={<Segmented label={words.window} options={[['24h', words.day], ['30d', words.month]]} value={window} onValue={setWindow} />} />
  );
  if (stats.error && !stats.data) return <>{head}<Card><ErrorState level={2} error={stats.error} onRetry={reloadAll} /></Card></>;
  return (
    <>
      {head}
      <div class="stack">
        {(stats.stale || trends.stale) && <StaleNotice onRetry={reloadAll} />}
        {stats.data && (state.data || state.error) ? <AttentionList findings={findings(known)} /> : <Skeleton lines={1} />}
        <FigureRow stats={stats.data} trends={trends.data} />
        {trends.loading && <div class="chart-grid">{[0, 1, 2, 3].map((i) => <Card key={i}><Skeleton chart /></Card>)}</div>}
        {trends.error && !trends.data && <Card title={words.noTrends}><ErrorState error={trends.error} onRetry={reloadAll} /></Card>}
        {trends.data && <TrendCharts trends={trends.data} />}
        {trends.data && <TopModels models={trends.data.models} />}
      </div>
    </>
  );
}
