// States and reasons in words, the countdown to the moment they end, and the frame of a page: title, note, actions.
import type { ComponentChildren } from 'preact';
import { Badge, type Tone } from '../../design/surface';
import { formatDateTime, formatRelative } from '../../i18n/format';
import { messages } from '../../i18n/language';
import { now } from './clock';

const states = messages({
  active: 'Active', failed: 'Benched', disabled: 'Disabled', expired: 'Expired', ready: 'Ready', half_open: 'On trial', busy: 'Busy', probing: 'Being probed', model_benched: 'Benched for this model', benched: 'Benched', good: 'Good', spent: 'Spent', refused: 'Refused', unsuitable: 'Unsuitable', unknown: 'Unknown',
}, {
  active: '可用', failed: '暂停', disabled: '已停用', expired: '已过期', ready: '就绪', half_open: '试用中', busy: '繁忙', probing: '探测中', model_benched: '对此模型暂停', benched: '暂停', good: '正常', spent: '额度用尽', refused: '被拒绝', unsuitable: '不适用', unknown: '未知',
});

const kTones: Record<string, Tone> = { active: 'good', ready: 'good', good: 'good', failed: 'warn', benched: 'warn', model_benched: 'warn', half_open: 'accent', probing: 'accent', busy: 'accent', spent: 'warn', expired: 'bad', refused: 'bad', unsuitable: 'bad' };

export function StateBadge({ state }: { state: string }) {
  const known = states() as Record<string, string>;
  return <Badge tone={kTones[state] ?? 'neutral'}>{known[state] ?? state}</Badge>;
}

const reasons = messages({
  success: 'answered well', key_refused: 'the provider refuses the key', rate_limited: 'rate limit reached', concurrency_limit: 'too many requests at once', session_limit: 'session limit spent', weekly_limit: 'weekly limit spent', usage_limit: 'usage limit spent', usage_spent: 'usage spent',
  model_not_in_plan: 'model not in the plan', account_forbidden: 'the account is forbidden', key_limit: 'the key’s limit is spent', no_credits: 'no credits left', in_flight_budget: 'too much in flight', not_permitted: 'not permitted', account_policy: 'the account’s data policy', free_tier_daily: 'free tier spent for today', free_tier_minute: 'free tier spent for this minute',
  payment_required: 'payment required', first_byte_timeout: 'no answer in time', idle_timeout: 'silence in mid-answer', request_timeout: 'the whole request took too long', timed_out: 'timed out', unreachable: 'not reachable', connection_cut: 'connection cut', unexpected_status: 'unexpected answer', overloaded: 'provider overloaded', proxy_page: 'a web page instead of an answer', management_key: 'a management key', key_expired: 'the key has expired', by_hand: 'disabled by hand', awaiting_validation: 'waits for the provider’s word', client_gone: 'the client left', shared_capacity: 'provider out of capacity', provider_rate_limited: 'rate limited by the provider',
}, {
  success: '应答正常', key_refused: '密钥被提供方拒绝', rate_limited: '触发速率限制', concurrency_limit: '并发请求过多', session_limit: '会话额度用尽', weekly_limit: '每周额度用尽', usage_limit: '用量额度用尽', usage_spent: '用量用尽',
  model_not_in_plan: '套餐不含此模型', account_forbidden: '账户被禁止', key_limit: '密钥额度用尽', no_credits: '余额不足', in_flight_budget: '在途请求过多', not_permitted: '没有权限', account_policy: '账户数据策略限制', free_tier_daily: '今日免费额度用尽', free_tier_minute: '本分钟免费额度用尽',
  payment_required: '需要付费', first_byte_timeout: '超时未应答', idle_timeout: '应答中途停顿', request_timeout: '整个请求超时', timed_out: '超时', unreachable: '无法连接', connection_cut: '连接中断', unexpected_status: '意外的应答', overloaded: '提供方过载', proxy_page: '返回了网页而非结果', management_key: '这是管理密钥', key_expired: '密钥已过期', by_hand: '手动停用', awaiting_validation: '等待提供方核对', client_gone: '客户端已离开', shared_capacity: '提供方容量不足', provider_rate_limited: '被提供方限流',
});

export function reasonWords(reason: string): string {
  const known = reasons() as Record<string, string>;
  return known[reason] ?? reason.replaceAll('_', ' ');
}

const span = messages({ over: 'any moment now', left: (spanned: string) => `${spanned} left`, days: (n: number) => `${n} d`, hours: (n: number) => `${n} h`, minutes: (n: number) => `${n} min`, seconds: (n: number) => `${n} s` },
  { over: '即将恢复', left: (spanned: string) => `剩余 ${spanned}`, days: (n: number) => `${n} 天`, hours: (n: number) => `${n} 小时`, minutes: (n: number) => `${n} 分`, seconds: (n: number) => `${n} 秒` });

/** "2 h 5 min left", counting down. */
export function Countdown({ until }: { until: string | number }) {
  const left_s = Math.round((new Date(until).getTime() - now.value) / 1000);
  const words = span();
  const units: [number, (n: number) => string][] = [[Math.floor(left_s / 86400), words.days], [Math.floor(left_s / 3600) % 24, words.hours], [Math.floor(left_s / 60) % 60, words.minutes], [left_s % 60, words.seconds]];
  const first = units.findIndex(([amount]) => amount > 0);
  const shown = first < 0 ? '' : units.slice(first, first + 2).filter(([amount]) => amount > 0).map(([amount, say]) => say(amount)).join(' ');
  return <time class="number" dateTime={new Date(until).toISOString()} title={formatDateTime(until)}>{left_s > 0 ? words.left(shown) : words.over}</time>;
}

/** A moment as "5 minutes ago", the exact time on hover; a dash for never. */
export function Moment({ at }: { at: string | number | null | undefined }) {
  if (!at) return <span class="faint">–</span>;
  return <time dateTime={new Date(at).toISOString()} title={formatDateTime(at)}>{formatRelative(at, Math.max(now.value, Date.now()))}</time>;
}

export function PageHead({ title, note, actions }: { title: ComponentChildren; note?: ComponentChildren; actions?: ComponentChildren }) {
  return <header class="page-head"><div class="stack-tight"><h1>{title}</h1>{note && <p class="muted">{note}</p>}</div>{actions && <div class="row">{actions}</div>}</header>;
}
