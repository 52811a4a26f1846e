// Which models are asked for: shares of all requests, what is asked for today, and the ten with the most requests.
import type { ModelFigures, PublicStats } from '../../api/public';
import { ModelName } from '../../design/model_name';
import { Card, Empty, Skeleton } from '../../design/surface';
import { formatCompact, formatNumber, formatPercent } from '../../i18n/format';
import { messages } from '../../i18n/language';
import { modelShares, shareOf } from './figures';

const text = messages({
  shares: 'Share of requests', others: 'Others', recent: 'Asked for today', recentEmpty: 'Nothing in the last 24 hours', table: 'Top models', model: 'Model', requests: 'Requests',
  share: 'Share', success: 'Succeeded', failure: 'Failed', rate: 'Success rate', empty: 'No models yet', emptyNote: 'Models show up here with the first request.',
}, {
  shares: '请求占比', others: '其他', recent: '今日热门', recentEmpty: '最近 24 小时没有请求', table: '热门模型', model: '模型', requests: '请求数',
  share: '占比', success: '成功', failure: '失败', rate: '成功率', empty: '还没有模型', emptyNote: '收到第一个请求后，模型会显示在这里。',
});

const kColors = ['--series-1', '--series-2', '--series-3', '--series-4'];
const kOthersColor = '--border-strong';

function rateOf(row: ModelFigures): string {
  const rate = shareOf(row.success, row.requests);
  return rate === null ? '–' : formatPercent(rate);
}

export function ModelShares({ stats }: { stats: PublicStats | null }) {
  const words = text();
  if (!stats) return <Card title={words.shares}><Skeleton lines={5} /></Card>;
  const shares = modelShares(stats.topModels, stats.global.totalRequests, kColors.length);
  const colorOf = (model: string | null, place: number) => `var(${model === null ? kOthersColor : kColors[place]})`;
  return (
    <Card title={words.shares}>
      {shares.length === 0 ? <Empty title={words.empty}>{words.emptyNote}</Empty> : (
        <div class="stack">
          <div class="share-bar" aria-hidden="true">{shares.map(({ model, share }, place) => <span key={model} style={{ flexGrow: share, background: colorOf(model, place) }} />)}</div>
          <ul class="share-list">
            {shares.map(({ model, requests, share }, place) => (
              <li key={model}>
                <i style={{ background: colorOf(model, place) }} aria-hidden="true" />
                {model === null ? <span class="muted">{words.others}</span> : <ModelName name={model} />}
                <span class="number faint small" title={formatNumber(requests)}>{formatCompact(requests)}</span>
                <b class="number">{formatPercent(share)}</b>
              </li>
            ))}
          </ul>
        </div>
      )}
    </Card>
  );
}

export function RecentModels({ stats }: { stats: PublicStats | null }) {
  const words = text();
  const most = Math.max(1, ...(stats?.recentTopModels ?? []).map((row) => row.requests));
  return (
    <Card title={words.recent}>
      {!stats ? <Skeleton lines={3} /> : stats.recentTopModels.length === 0 ? <Empty title={words.recentEmpty} /> : (
        <ol class="recent-list">
          {stats.recentTopModels.map((row) => (
            <li key={row.model}>
              <div class="row-apart"><ModelName name={row.model} /><span class="number" title={formatNumber(row.requests)}>{formatCompact(row.requests)}</span></div>
              <div class="bar" aria-hidden="true"><span style={{ width: `${(100 * row.requests) / most}%` }} /></div>
              <span class="small faint">{words.rate} <span class="number">{rateOf(row)}</span></span>
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}

export function ModelTable({ stats }: { stats: PublicStats | null }) {
  const words = text();
  if (stats && stats.topModels.length === 0) return null;
  return (
    <Card title={words.table} flush>
      {!stats ? <div class="card-body"><Skeleton lines={6} /></div> : (
        <table class="table model-table">
          <thead><tr><th scope="col">{words.model}</th><th scope="col" class="end">{words.requests}</th><th scope="col" class="end wide">{words.share}</th><th scope="col" class="end wide">{words.success}</th><th scope="col" class="end wide">{words.failure}</th><th scope="col" class="end">{words.rate}</th></tr></thead>
          <tbody>
            {stats.topModels.map((row) => (
              <tr key={row.model}>
                <th scope="row"><ModelName name={row.model} /></th>
                <td class="end">{formatNumber(row.requests)}</td>
                <td class="end wide">{formatPercent(shareOf(row.requests, stats.global.totalRequests) ?? 0)}</td>
                <td class="end wide">{formatNumber(row.success)}</td>
                <td class="end wide">{formatNumber(row.failure)}</td>
                <td class="end">{rateOf(row)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}
