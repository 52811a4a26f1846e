// A token's limits as rows of a form and as bars of a list: which fields there are, what a form's texts mean, how full each budget is.
// Pure, tested by tests/browser/rules.test.mjs.
import type { Limits, Used } from '../../../api/admin';

export const kNumberLimits = ['requests_per_minute', 'tokens_per_minute', 'daily_requests', 'daily_tokens', 'monthly_requests', 'monthly_tokens'] as const;
export const kMoneyLimits = ['daily_cost_usd', 'monthly_cost_usd'] as const;
export const kListLimits = ['models', 'providers', 'addresses'] as const;
export type LimitName = (typeof kNumberLimits)[number] | (typeof kMoneyLimits)[number] | (typeof kListLimits)[number];
export type LimitTexts = Partial<Record<LimitName, string>>;

const kNanoPerDollar = 1e9;

export function textsOf(limits: Limits | null): LimitTexts {
  const texts: LimitTexts = {};
  for (const name of [...kNumberLimits, ...kMoneyLimits]) if (limits?.[name] !== undefined) texts[name] = String(limits[name]);
  for (const name of kListLimits) if (limits?.[name]) texts[name] = limits[name].join('\n');
  return texts;
}

/** The limits that the texts mean, or the names of those that mean none. */
export function limitsOf(texts: LimitTexts): { limits: Limits; wrong: LimitName[] } {
  const limits: Limits = {};
  const wrong: LimitName[] = [];
  for (const name of kNumberLimits) {
    const text = (texts[name] ?? '').trim();
    if (text === '') continue;
    if (/^\d{1,15}$/.test(text)) limits[name] = Number(text);
    else wrong.push(name);
  }
  for (const name of kMoneyLimits) {
    const text = (texts[name] ?? '').trim();
    if (text === '') continue;
    // Money stays text: a budget must not be rounded on its way.
    if (/^\d{1,9}(\.\d{1,9})?$/.test(text)) limits[name] = text;
    else wrong.push(name);
  }
  for (const name of kListLimits) {
    const items = (texts[name] ?? '').split(/[\s,]+/).filter(Boolean);
    if (items.length > 0) limits[name] = items;
  }
  return { limits, wrong };
}

export interface Budget { name: LimitName; used: number; limit: number; share: number; isMoney: boolean }

/** The daily and monthly budgets with what is used of them, the fullest first. Money in nano-dollars. */
export function budgetsOf(limits: Limits | null, used: Used | null): Budget[] {
  if (!limits) return [];
  const rows: [LimitName, number | string | undefined, unknown, boolean][] = [
    ['daily_requests', limits.daily_requests, used?.day_requests, false], ['daily_tokens', limits.daily_tokens, used?.day_tokens, false], ['daily_cost_usd', limits.daily_cost_usd, used?.day_cost_nano, true],
    ['monthly_requests', limits.monthly_requests, used?.month_requests, false], ['monthly_tokens', limits.monthly_tokens, used?.month_tokens, false], ['monthly_cost_usd', limits.monthly_cost_usd, used?.month_cost_nano, true],
  ];
  const budgets = rows.filter(([, limit]) => limit !== undefined && limit !== null).map(([name, limit, spent, isMoney]): Budget => {
    const amount = isMoney ? Math.round(Number(limit) * kNanoPerDollar) : Number(limit);
    const sum = Number(spent ?? 0);
    return { name, used: sum, limit: amount, share: amount > 0 ? sum / amount : 1, isMoney };
  });
  return budgets.sort((a, b) => b.share - a.share);
}
