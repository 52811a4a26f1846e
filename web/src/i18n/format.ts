// Numbers, money, durations and times as the viewer writes them: the browser's own locale where it speaks the chosen language, and
// always the viewer's time zone. Call these while rendering: they read the language.
import { language } from './language';

const kNanoPerDollar = 1e9;

function locale(): string {
  const wanted = language.value;
  return navigator.languages.find((tag) => tag.toLowerCase().startsWith(wanted)) ?? (wanted === 'zh' ? 'zh-CN' : 'en');
}

const formats = new Map<string, Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>();

function kept<T extends Intl.NumberFormat | Intl.DateTimeFormat | Intl.RelativeTimeFormat>(name: string, make: (locale: string) => T): T {
  const key = `${locale()} ${name}`;
  const found = (formats.get(key) as T | undefined) ?? make(locale());
  formats.set(key, found);
  return found;
}

export function formatNumber(value: number): string {
  return kept('number', (tag) => new Intl.NumberFormat(tag, { maximumFractionDigits: 0 })).format(value);
}

/** Short from ten thousand on: 12.3K, 1.2万. */
export function formatCompact(value: number): string {
  if (Math.abs(value) < 10_000) return formatNumber(value);
  return kept('compact', (tag) => new Intl.NumberFormat(tag, { notation: 'compact', maximumFractionDigits: 1 })).format(value);
}

/** `share` from 0 to 1. */
export function formatPercent(share: number): string {
  const digits = share > 0 && share < 1 ? 1 : 0;
  return kept(`percent ${digits}`, (tag) => new Intl.NumberFormat(tag, { style: 'percent', minimumFractionDigits: digits, maximumFractionDigits: digits })).format(share);
}

/** Nano-dollars as US dollars, with more digits the smaller it is. */
export function formatMoney(nano: number): string {
  const dollars = nano / kNanoPerDollar;
  const size = Math.abs(dollars);
  const digits = size === 0 || size >= 0.1 ? 2 : size >= 0.001 ? 4 : 6;
  return kept(`money ${digits}`, (tag) => new Intl.NumberFormat(tag, { style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol', minimumFractionDigits: 2, maximumFractionDigits: digits })).format(dollars);
}

export function formatMilliseconds(ms: number): string {
  const inSeconds = ms >= 1000;
  const unit = inSeconds ? 'second' : 'millisecond';
  return kept(unit, (tag) => new Intl.NumberFormat(tag, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: inSeconds ? 2 : 0 })).format(inSeconds ? ms / 1000 : ms);
}

export function formatDateTime(at: number | string | Date): string {
  return kept('date time', (tag) => new Intl.DateTimeFormat(tag, { dateStyle: 'medium', timeStyle: 'medium' })).format(new Date(at));
}

export function formatDate(at: number | string | Date): string {
  return kept('date', (tag) => new Intl.DateTimeFormat(tag, { month: 'short', day: 'numeric' })).format(new Date(at));
}

export function formatTime(at: number | string | Date): string {
  return kept('time', (tag) => new Intl.DateTimeFormat(tag, { hour: '2-digit', minute: '2-digit' })).format(new Date(at));
}

const kSpans: [Intl.RelativeTimeFormatUnit, number][] = [['day', 86_400_000], ['hour', 3_600_000], ['minute', 60_000], ['second', 1000]];

/** "3 minutes ago", "in 2 hours". */
export function formatRelative(at: number | string | Date, now_ms: number = Date.now()): string {
  const distance_ms = new Date(at).getTime() - now_ms;
  const [unit, span_ms] = kSpans.find(([, size_ms]) => Math.abs(distance_ms) >= size_ms) ?? ['second', 1000];
  return kept('relative', (tag) => new Intl.RelativeTimeFormat(tag, { numeric: 'auto' })).format(Math.round(distance_ms / span_ms), unit);
}
