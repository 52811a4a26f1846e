// Settings and health: whether each part works, what to run where one does not, and the configuration without its secrets.
import * as admin from '../../../api/admin';
import type { Settings } from '../../../api/admin';
import { health, type Health } from '../../../api/public';
import { useResource } from '../../../api/resource';
import { Badge, Card, Code, ErrorState, Notice, Skeleton, StaleNotice, type Tone } from '../../../design/surface';
import { formatMilliseconds, formatNumber } from '../../../i18n/format';
import { messages } from '../../../i18n/language';
import { Moment, PageHead } from '../words';
import { CacheCard } from './cache_card';

const kRefresh_ms = 15_000;

const text = messages({
  title: 'Settings and health', note: 'Settings are variables and secrets of the worker; they are changed with wrangler, not here.', parts: 'Health', storage: 'Database', schema: 'Database schema', redis: 'Redis', cron: 'Daily housekeeping', version: 'Version',
  ok: 'Working', unreachable: 'Not reachable', outdated: 'Outdated', missing: 'Missing', off: 'Not configured', never: 'Never ran', unknown: 'Unknown', degraded: 'Degraded', disabled: 'Switched off', needed: (needed: string, found: string) => `version ${found}, needs ${needed}`, usable: (n: string) => `${n} usable keys`,
  mend: 'To mend it', configuration: 'Configuration', set: 'set', unset: 'not set', secret: 'secret', byDefault: 'default', problems: 'Problems', required: 'Missing',
}, {
  title: '设置与健康', note: '设置是 Worker 的变量和机密，通过 wrangler 修改，不在此处修改。', parts: '健康状况', storage: '数据库', schema: '数据库结构', redis: 'Redis', cron: '每日维护', version: '版本',
  ok: '正常', unreachable: '无法连接', outdated: '版本过旧', missing: '缺失', off: '未配置', never: '从未运行', unknown: '未知', degraded: '降级', disabled: '已关闭', needed: (needed: string, found: string) => `版本 ${found}，需要 ${needed}`, usable: (n: string) => `${n} 个可用密钥`,
  mend: '修复方法', configuration: '配置', set: '已设置', unset: '未设置', secret: '机密', byDefault: '默认', problems: '问题', required: '缺少',
});

function Part({ name, tone, word, children }: { name: string; tone: Tone; word: string; children?: preact.ComponentChildren }) {
  return <div class="part"><div class="row-apart"><strong>{name}</strong><Badge tone={tone}>{word}</Badge></div>{children && <div class="muted small">{children}</div>}</div>;
}

function SchemaPart({ settings }: { settings: Settings }) {
  const words = text();
  const { needed, found } = settings.schema;
  if (found === null) return <Part name={words.schema} tone={settings.storage.reachable ? 'bad' : 'neutral'} word={settings.storage.reachable ? words.missing : words.unknown} />;
  return <Part name={words.schema} tone={found >= needed ? 'good' : 'bad'} word={found >= needed ? words.ok : words.outdated}>{words.needed(formatNumber(needed), formatNumber(found))}</Part>;
}

function Parts({ state, settings }: { state: Health; settings: Settings | null }) {
  const words = text();
  const storage = state.storage ?? (settings && { ...settings.storage, latencyMs: settings.storage.latencyMs ?? 0, problem: undefined });
  return (
    <div class="parts">
      {storage && <Part name={words.storage} tone={storage.reachable ? 'good' : 'bad'} word={storage.reachable ? words.ok : words.unreachable}>{storage.problem ?? formatMilliseconds(storage.latencyMs)}</Part>}
      {settings && <SchemaPart settings={settings} />}
      {settings && <Part name={words.redis} tone={!settings.redis.configured ? 'neutral' : settings.redis.reachable === false ? 'bad' : settings.redis.reachable ? 'good' : 'neutral'} word={!settings.redis.configured ? words.off : settings.redis.reachable === false ? words.unreachable : settings.redis.reachable ? words.ok : words.unknown} />}
      {settings && <Part name={words.cron} tone={settings.cron.lastRun ? 'good' : 'neutral'} word={settings.cron.lastRun ? words.ok : words.never}>{settings.cron.lastRun && <Moment at={settings.cron.lastRun} />}</Part>}
      {Object.entries(state.providers).map(([id, row]) => (
        <Part key={id} name={id} tone={!row.enabled ? 'neutral' : row.tables !== 'ok' ? 'bad' : row.incident ? 'warn' : 'good'} word={!row.enabled ? words.disabled : row.tables === 'ok' ? (row.incident ? words.degraded : words.ok) : words[row.tables]}>
          {row.usableKeys !== null && words.usable(formatNumber(row.usableKeys))} <span class="mono break">{settings?.providers.find((known) => known.id === id)?.baseUrl}</span>
        </Part>
      ))}
      <div class="part"><div class="row-apart"><strong>{words.version}</strong><span class="mono">{state.version}</span></div></div>
    </div>
  );
}

function Configuration({ settings }: { settings: Settings }) {
  const words = text();
  return (
    <Card title={words.configuration} flush>
      <dl class="settings">{settings.configuration.map((row) => (
        <div key={row.name}>
          <dt class="mono">{row.name}</dt>
          <dd class="mono break">{row.secret ? (row.set ? '••••••••' : '–') : (row.value ?? row.default ?? '–')}</dd>
          <dd><Badge plain tone={row.set ? 'accent' : 'neutral'}>{row.secret ? `${words.secret}, ${row.set ? words.set : words.unset}` : row.set ? words.set : row.default !== null ? words.byDefault : words.unset}</Badge></dd>
        </div>
      ))}</dl>
    </Card>
  );
}

export function Page() {
  const words = text();
  const state = useResource('health', health, { refresh_ms: kRefresh_ms });
  const settings = useResource('settings', admin.settings, { refresh_ms: kRefresh_ms });
  const mend = settings.data && (settings.data.schema.found ?? 0) < settings.data.schema.needed ? settings.data.schema.mend : state.data?.mend;
  const reload = () => void Promise.all([state.reload(), settings.reload()]);
  return (
    <>
      <PageHead title={words.title} note={words.note} />
      <div class="stack">
        {(state.stale || settings.stale) && <StaleNotice onRetry={reload} />}
        {settings.data && settings.data.problems.length > 0 && <Notice tone="bad"><strong>{words.problems}</strong><ul>{settings.data.problems.map((problem) => <li key={problem}>{problem}</li>)}</ul></Notice>}
        {settings.data && settings.data.missing.length > 0 && <Notice tone="warn"><strong>{words.required}</strong> <span class="mono">{settings.data.missing.join(', ')}</span></Notice>}
        <Card title={words.parts}>
          {state.data ? <Parts state={state.data} settings={settings.data} /> : state.error ? <ErrorState error={state.error} onRetry={reload} /> : <Skeleton lines={4} />}
          {mend && <div class="mend stack-tight"><strong>{words.mend}</strong><Code label={words.mend}>{mend}</Code></div>}
        </Card>
        <CacheCard />
        {settings.data ? <Configuration settings={settings.data} /> : <Card title={words.configuration}>{settings.error ? <ErrorState error={settings.error} onRetry={reload} /> : <Skeleton lines={6} />}</Card>}
      </div>
    </>
  );
}
