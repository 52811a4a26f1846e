// /: what this is, whether it is healthy, where to go; and while something is still to be set, what exactly.
import { ask } from '../../api/client';
import { health, type Health, type PublicStats } from '../../api/public';
import { useResource } from '../../api/resource';
import { Badge, ErrorState, Skeleton, StaleNotice, type Tone } from '../../design/surface';
import { messages } from '../../i18n/language';
import { Site } from '../../shell/site';
import { startPage } from '../../shell/start';
import { About, UseIt } from './about';
import './home.css';
import { SetupGuide } from './setup_guide';
import { isSetUp, setupSteps } from './setup_steps';
import { Standing, type Figures } from './standing';

const text = messages({
  title: 'edgepool: one address in front of all your LLM keys', heading: 'One address in front of all your keys',
  lead: 'edgepool checks a client token, picks a healthy key of Ollama Cloud or OpenRouter, forwards the request byte for byte, and moves on to another key when one fails.',
  dashboard: 'Open the dashboard', stats: 'Public statistics', docs: 'API documentation',
  ok: 'Everything is in order', degraded: 'Needs attention', unconfigured: 'Not set up yet', setUp: 'Almost there', unreachable: 'Cannot be reached', looking: 'Looking …', standing: 'State of the pool',
}, {
  title: 'edgepool:用一个地址统一所有 LLM 密钥', heading: '一个地址，统一所有密钥',
  lead: 'edgepool 校验客户端令牌，选择 Ollama Cloud 或 OpenRouter 的健康密钥，逐字节转发请求；密钥失效时自动切换到下一个。',
  dashboard: '打开管理后台', stats: '公开统计', docs: 'API 文档',
  ok: '一切正常', degraded: '需要注意', unconfigured: '尚未配置', setUp: '即将完成', unreachable: '无法连接', looking: '正在检查…', standing: '运行状态',
});

const kRefresh_ms = 5000;
const kFiguresRefresh_ms = 30_000;

/** Of every provider that answers; one that does not is left out. */
async function figuresOf(ids: string[], signal: AbortSignal): Promise<Figures> {
  const rows = await Promise.all(ids.map((id) => ask<PublicStats>(`/admin/public-stats?provider=${encodeURIComponent(id)}`, { signal }).then((stats) => [id, stats] as const, () => null)));
  return Object.fromEntries(rows.filter((row) => row !== null));
}

function useFigures(state: Health | null) {
  const ids = state?.configured ? Object.entries(state.providers).filter(([, row]) => row.enabled && row.tables === 'ok').map(([id]) => id) : [];
  return useResource(`${state?.configured} ${ids.join(' ')}`, (signal) => figuresOf(ids, signal), { refresh_ms: kFiguresRefresh_ms }).data;
}

function StateBadge({ state, failed, guided }: { state: Health | null; failed: boolean; guided: boolean }) {
  const words = text();
  const [tone, word]: [Tone, string] = !state ? (failed ? ['bad', words.unreachable] : ['neutral', words.looking])
    : state.status === 'unconfigured' ? ['warn', words.unconfigured] : guided ? ['accent', words.setUp] : state.status === 'ok' ? ['good', words.ok] : ['warn', words.degraded];
  return <span role="status"><Badge tone={tone}>{word}</Badge></span>;
}

function Page() {
  const words = text();
  const { data: state, error, stale, reload } = useResource('health', health, { refresh_ms: kRefresh_ms });
  const figures = useFigures(state);
  const known = figures ? Object.values(figures) : null;
  const isGuided = state !== null && (!state.configured || known !== null) && !isSetUp(state, known);
  return (
    <Site page="home">
      <div class="home">
        <section class="hero">
          <StateBadge state={state} failed={Boolean(error)} guided={isGuided} />
          <h1>{words.heading}</h1>
          <p class="lead">{words.lead}</p>
          <nav class="row" aria-label={words.heading}>
            <a class={`button${isGuided ? '' : ' primary'}`} href="/dashboard">{words.dashboard}</a>
            <a class="button" href="/stats">{words.stats}</a>
            <a class="button" href="/api-docs">{words.docs}</a>
          </nav>
        </section>
        {stale && <StaleNotice onRetry={() => void reload()} />}
        <section class="stack" aria-label={words.standing} aria-busy={!state && !error}>
          {!state ? (error ? <div class="card"><ErrorState level={2} error={error} onRetry={() => void reload()} /></div> : <div class="card"><div class="card-body"><Skeleton lines={4} /></div></div>) : (
            <>
              {isGuided && <SetupGuide steps={setupSteps(state, known)} health={state} />}
              {state.configured && <Standing health={state} figures={figures ?? {}} />}
            </>
          )}
        </section>
        {!isGuided && <UseIt />}
        <About />
      </div>
    </Site>
  );
}

startPage(<Page />, () => text().title);
