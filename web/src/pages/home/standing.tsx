// Whether the pool is healthy, in words; and what each provider has to offer right now.
import type { Health, ProviderHealth, PublicStats } from '../../api/public';
import { providerName } from '../../api/providers';
import { visibleText } from '../../design/model_name';
import { Badge, Card, Notice, type Tone } from '../../design/surface';
import { formatCompact, formatMilliseconds, formatNumber, formatPercent, formatRelative } from '../../i18n/format';
import { messages } from '../../i18n/language';

const text = messages({
  inService: 'In service', off: 'Switched off', missing: 'Tables missing', outdated: 'Tables outdated', unknown: 'Not known', failing: 'Provider failing', noKeys: 'No usable key',
  keys: 'Usable keys', requests: 'Requests', rate: 'Success rate', none: '–',
  incident: (name: string, since: string) => `${name} itself has been failing since ${since}. Keys are not blamed for it; service resumes by itself.`,
  unreachable: 'The database cannot be reached. Requests with known tokens and keys are still served; counts are kept and sent later.',
  reachNote: 'Is the project paused? Are the URL and the service key those of this project?',
  tables: (name: string) => `The tables of ${name} are missing or outdated: apply sql/schema.sql.`, attention: 'What needs attention', database: (ms: string) => `Database answers in ${ms}`, version: (version: string) => `Version ${version}`,
}, {
  inService: '运行中', off: '已关闭', missing: '缺少数据表', outdated: '数据表过旧', unknown: '未知', failing: '服务商故障', noKeys: '没有可用密钥',
  keys: '可用密钥', requests: '请求总数', rate: '成功率', none: '–',
  incident: (name: string, since: string) => `${name} 自身从${since}起出现故障。不会归咎于密钥，恢复后自动继续服务。`,
  unreachable: '数据库无法连接。已知的令牌和密钥仍可继续服务，计数会保留并稍后写入。',
  reachNote: '项目是否已暂停？地址和服务密钥是否属于这个项目？',
  tables: (name: string) => `${name} 的数据表缺失或过旧：请执行 sql/schema.sql。`, attention: '需要注意', database: (ms: string) => `数据库响应 ${ms}`, version: (version: string) => `版本 ${version}`,
});

/** Public figures by provider id. */
export type Figures = Record<string, PublicStats>;

function markOf(row: ProviderHealth, usable: number | null): { tone: Tone; word: string } {
  const words = text();
  if (!row.enabled) return { tone: 'neutral', word: words.off };
  if (row.tables !== 'ok') return { tone: row.tables === 'unknown' ? 'neutral' : 'bad', word: words[row.tables] };
  if (row.incident) return { tone: 'warn', word: words.failing };
  if (usable === 0) return { tone: 'warn', word: words.noKeys };
  return { tone: 'good', word: words.inService };
}

function ProviderCard({ id, row, stats }: { id: string; row: ProviderHealth; stats: PublicStats | undefined }) {
  const words = text();
  const usable = stats?.global.activeKeys ?? row.usableKeys;
  const { tone, word } = markOf(row, usable);
  const total = stats?.global.totalRequests ?? 0;
  return (
    <article class="provider" aria-label={providerName(id)}>
      <div class="row-apart"><h2>{providerName(id)}</h2><Badge tone={tone}>{word}</Badge></div>
      {row.enabled && (
        <dl>
          <div><dt>{words.keys}</dt><dd class="number">{usable === null ? words.none : formatNumber(usable)}</dd></div>
          <div><dt>{words.requests}</dt><dd class="number">{stats ? formatCompact(total) : words.none}</dd></div>
          <div><dt>{words.rate}</dt><dd class="number">{stats && total > 0 ? formatPercent(stats.global.successCount / total) : words.none}</dd></div>
        </dl>
      )}
    </article>
  );
}

/** What is not as it should be, each in a sentence. */
function troubles(health: Health): string[] {
  const words = text();
  const found: string[] = [];
  if (health.storage && !health.storage.reachable) found.push(words.unreachable, words.reachNote);
  for (const [id, row] of Object.entries(health.providers)) {
    if (!row.enabled) continue;
    if (row.incident) found.push(words.incident(providerName(id), formatRelative(row.incident.since)));
    if (row.tables === 'outdated' || (row.tables === 'missing' && health.storage?.reachable)) found.push(words.tables(providerName(id)));
  }
  if (found.length === 0 && health.status === 'degraded' && health.storage?.problem) found.push(visibleText(health.storage.problem));
  return found;
}

export function Standing({ health, figures }: { health: Health; figures: Figures }) {
  const words = text();
  const wrong = troubles(health);
  return (
    <Card>
      <div class="stack">
        {wrong.length > 0 && <Notice tone="warn"><strong>{words.attention}</strong><ul class="troubles">{wrong.map((sentence) => <li key={sentence}>{sentence}</li>)}</ul></Notice>}
        <div class="providers">{Object.entries(health.providers).map(([id, row]) => <ProviderCard key={id} id={id} row={row} stats={figures[id]} />)}</div>
        <p class="small faint row"><span>{words.version(health.version)}</span>{health.storage?.reachable && <span class="number">{words.database(formatMilliseconds(health.storage.latencyMs))}</span>}</p>
      </div>
    </Card>
  );
}
