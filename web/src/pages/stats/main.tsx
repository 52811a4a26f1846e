// /stats: the public figures of one provider. Refreshes itself while it is visible; the address says which provider, so it can be shared.
import { useResource } from '../../api/resource';
import { ApiError } from '../../api/client';
import { kProviderIds, providerName } from '../../api/providers';
import { publicStats } from '../../api/public';
import { Button } from '../../design/button';
import { Segmented } from '../../design/field';
import { Empty, ErrorState, Notice, StaleNotice } from '../../design/surface';
import { showToast } from '../../design/toast';
import { formatDateTime } from '../../i18n/format';
import { messages } from '../../i18n/language';
import { Site } from '../../shell/site';
import { startPage } from '../../shell/start';
import { ModelShares, ModelTable, RecentModels } from './models';
import { chooseProvider, provider } from './provider_choice';
import './stats.css';
import { Totals } from './totals';
import { Trend } from './trend';
import { Updated } from './updated';

const text = messages({
  title: 'Statistics', lead: 'What this pool has served, counted once per request.', provider: 'Provider', link: 'Copy link', copied: 'The link is on the clipboard',
  stale: (when: string) => `The database cannot be reached at the moment. These are the last known figures, of ${when}.`,
  setUp: 'This pool is not set up yet', setUpNote: 'Figures appear here once it is.', guide: 'What to set', unknown: 'There is no such provider', unknownNote: 'Choose one of those above.',
}, {
  title: '统计', lead: '这个密钥池服务过的请求，每个请求只计一次。', provider: '服务商', link: '复制链接', copied: '链接已复制到剪贴板',
  stale: (when: string) => `数据库暂时无法连接。这里显示的是 ${when} 的最后数据。`,
  setUp: '这个密钥池还没有配置', setUpNote: '配置完成后，这里会显示数据。', guide: '查看配置步骤', unknown: '没有这个服务商', unknownNote: '请在上方选择。',
});

const kRefresh_ms = 30_000;

function Failure({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const words = text();
  const code = error instanceof ApiError ? error.code : '';
  if (code === 'not_configured') return <Empty level={2} title={words.setUp} actions={<a class="button primary" href="/">{words.guide}</a>}>{words.setUpNote}</Empty>;
  if (code === 'unknown_provider') return <Empty level={2} title={words.unknown}>{words.unknownNote}</Empty>;
  return <ErrorState level={2} error={error} onRetry={onRetry} />;
}

function Page() {
  const words = text();
  const id = provider.value;
  const { data, error, stale, loadedAt_ms, reload } = useResource(id, (signal) => publicStats(id, signal), { refresh_ms: kRefresh_ms });
  return (
    <Site page="stats">
      <div class="stack">
        <div class="stats-head">
          <div><h1>{words.title}</h1><p class="muted">{words.lead}</p></div>
          <div class="row">
            {loadedAt_ms > 0 && <Updated at_ms={loadedAt_ms} />}
            <Button size="small" icon="copy" onClick={() => void navigator.clipboard.writeText(location.href).then(() => showToast(words.copied))}>{words.link}</Button>
            <Segmented label={words.provider} options={kProviderIds.map((one) => [one, providerName(one)] as const)} value={id} onValue={chooseProvider} />
          </div>
        </div>
        {data?.stale && <Notice tone="warn" live>{words.stale(formatDateTime(data.meta.generatedAt))}</Notice>}
        {stale && <StaleNotice onRetry={() => void reload()} />}
        {!data && error ? <Failure error={error} onRetry={() => void reload()} /> : (
          <div class="stack" aria-busy={!data}>
            <Totals stats={data} />
            <Trend stats={data} />
            <div class="stats-columns"><ModelShares stats={data} /><RecentModels stats={data} /></div>
            <ModelTable stats={data} />
          </div>
        )}
      </div>
    </Site>
  );
}

function title(): string {
  const known = kProviderIds.find((one) => one === provider.value);
  return [text().title, ...(known ? [providerName(known)] : []), 'edgepool'].join(' · ');
}

startPage(<Page />, title);
