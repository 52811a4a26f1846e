// What holds content: cards, figures, badges, notices, code, and the empty, error and loading states.
import type { ComponentChildren } from 'preact';
import { Button, CopyButton } from './button';
import { ApiError } from '../api/client';
import { messages } from '../i18n/language';
import { Icon, type IconName } from './icon';

export type Tone = 'neutral' | 'good' | 'warn' | 'bad' | 'accent';

export function Card({ title, note, actions, flush = false, children }: { title?: string; note?: string; actions?: ComponentChildren; flush?: boolean; children: ComponentChildren }) {
  return (
    <section class="card">
      {(title || actions) && <div class="card-head">{title && <h2>{title}</h2>}{actions && <div class="row">{actions}</div>}{note && <p>{note}</p>}</div>}
      <div class={flush ? 'card-body flush' : 'card-body'}>{children}</div>
    </section>
  );
}

/** A row of figures: <Stats><Stat .../></Stats>. */
export function Stats({ children }: { children: ComponentChildren }) {
  return <dl class="stats">{children}</dl>;
}

export function Stat({ label, value, note, title }: { label: string; value: ComponentChildren; note?: ComponentChildren; title?: string }) {
  return (
    <div class="stat" title={title}>
      <dt>{label}</dt>
      <dd>{value ?? <div class="skeleton figure" />}</dd>
      {note && <dd class="note">{note}</dd>}
    </div>
  );
}

export function Badge({ tone = 'neutral', plain = false, children }: { tone?: Tone; plain?: boolean; children: ComponentChildren }) {
  return <span class={`badge ${tone}${plain ? ' plain' : ''}`}>{children}</span>;
}

const kNoticeIcons: Record<Tone, IconName> = { neutral: 'info', accent: 'info', good: 'check', warn: 'warning', bad: 'warning' };

export function Notice({ tone = 'neutral', children, actions, live = false }: { tone?: Tone; children: ComponentChildren; actions?: ComponentChildren; live?: boolean }) {
  return (
    <div class={`notice ${tone}`} role={live ? 'status' : undefined}>
      <Icon name={kNoticeIcons[tone]} />
      <div class="grow">{children}</div>
      {actions}
    </div>
  );
}

/** Text to be copied; never HTML. */
export function Code({ children, label }: { children: string; label?: string }) {
  return <div class="code"><pre tabIndex={0} aria-label={label} role={label ? 'region' : undefined}><code>{children}</code></pre><CopyButton value={children} label={label} /></div>;
}

/** `level`: of its heading; 2 where no card's heading stands above it. */
export function Empty({ title, children, actions, level = 3 }: { title: string; children?: ComponentChildren; actions?: ComponentChildren; level?: 2 | 3 }) {
  const Heading = level === 2 ? 'h2' : 'h3';
  return <div class="empty"><Heading>{title}</Heading>{children && <p>{children}</p>}{actions && <div class="row">{actions}</div>}</div>;
}

const text = messages({
  offline: 'The pool cannot be reached', offlineNote: 'Check your connection. This page tries again by itself.',
  slow: 'The pool is taking too long', slowNote: 'It may be starting, or its database may be slow.',
  broken: 'The pool could not answer', missing: 'Not available in this version', missingNote: 'The worker that answers here does not have this yet. Deploy the newest version to use it.',
  busy: 'Too many requests', refused: 'The pool refused this', unauthorized: 'The token is not accepted', again: 'Try again', stale: 'These figures are old: the last attempt to refresh them failed.',
}, {
  offline: '无法连接到服务', offlineNote: '请检查网络。页面会自动重试。', slow: '服务响应太慢', slowNote: '服务可能正在启动，或数据库较慢。',
  broken: '服务未能应答', missing: '当前版本不支持', missingNote: '正在运行的版本还没有这项功能。部署最新版本后即可使用。',
  busy: '请求过于频繁', refused: '请求被拒绝', unauthorized: '令牌无效', again: '重试', stale: '数据不是最新：上一次刷新失败。',
});

/** What went wrong in words, for any error. */
export function errorWords(error: unknown): { title: string; note: string } {
  const words = text();
  if (!(error instanceof ApiError)) return { title: words.broken, note: error instanceof Error ? error.message : String(error) };
  switch (error.kind) {
    case 'offline': return { title: words.offline, note: words.offlineNote };
    case 'slow': return { title: words.slow, note: words.slowNote };
    case 'missing': return { title: words.missing, note: words.missingNote };
    default: return { title: words[error.kind], note: error.message };
  }
}

export function ErrorState({ error, onRetry, level = 3 }: { error: unknown; onRetry?: () => void; level?: 2 | 3 }) {
  const { title, note } = errorWords(error);
  return <div role="alert"><Empty title={title} level={level} actions={onRetry && !(error instanceof ApiError && error.kind === 'missing') && <Button icon="refresh" onClick={onRetry}>{text().again}</Button>}>{note}</Empty></div>;
}

export function StaleNotice({ onRetry }: { onRetry?: () => void }) {
  return <Notice tone="warn" live actions={onRetry && <Button size="small" onClick={onRetry}>{text().again}</Button>}>{text().stale}</Notice>;
}

/** Grey lines where text will be. */
export function Skeleton({ lines = 3, chart = false }: { lines?: number; chart?: boolean }) {
  if (chart) return <div class="skeleton chart" aria-hidden="true" />;
  return <div class="stack-tight" aria-hidden="true">{Array.from({ length: lines }, (_, i) => <div key={i} class={`skeleton line width-${i % 3}`} />)}</div>;
}

/** `share` from 0 to 1; the words beside it say the numbers. */
export function Meter({ share, label, tone }: { share: number; label: string; tone?: 'warn' | 'bad' | undefined }) {
  const percent = Math.round(Math.max(0, Math.min(1, share)) * 100);
  return <div class={`meter ${tone ?? ''}`} role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent}><span style={{ width: `${percent}%` }} /></div>;
}
