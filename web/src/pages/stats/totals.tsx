// The figures at the top: all time, the last day, and the keys behind them.
import type { PublicStats } from '../../api/public';
import { Stat, Stats } from '../../design/surface';
import { formatCompact, formatNumber, formatPercent } from '../../i18n/format';
import { messages } from '../../i18n/language';
import { lastDay, shareOf } from './figures';

const text = messages({
  requests: 'Requests', allTime: 'all time', rate: 'Success rate', failed: (count: string) => `${count} failed`, day: 'Last 24 hours', dayRate: (rate: string) => `${rate} succeeded`,
  quiet: 'no requests', keys: 'Keys in service', of: (total: string) => `of ${total}`, allIn: 'all of them', noKeys: 'none yet', none: '–',
}, {
  requests: '请求总数', allTime: '历史累计', rate: '成功率', failed: (count: string) => `失败 ${count} 次`, day: '最近 24 小时', dayRate: (rate: string) => `成功率 ${rate}`,
  quiet: '暂无请求', keys: '可用密钥', of: (total: string) => `共 ${total} 个`, allIn: '全部可用', noKeys: '尚无密钥', none: '–',
});

export function Totals({ stats }: { stats: PublicStats | null }) {
  const words = text();
  if (!stats) return <Stats>{[words.requests, words.rate, words.day, words.keys].map((label) => <Stat key={label} label={label} value={null} note=" " />)}</Stats>;
  const { totalRequests, successCount, failureCount, totalApiKeys, activeKeys } = stats.global;
  const day = lastDay(stats.hourlyTrend);
  const rate = shareOf(successCount, totalRequests);
  const dayRate = shareOf(day.success, day.requests);
  const keysNote = totalApiKeys === 0 ? words.noKeys : activeKeys === totalApiKeys ? words.allIn : words.of(formatNumber(totalApiKeys));
  return (
    <Stats>
      <Stat label={words.requests} value={formatCompact(totalRequests)} title={formatNumber(totalRequests)} note={words.allTime} />
      <Stat label={words.rate} value={rate === null ? words.none : formatPercent(rate)} note={rate === null ? words.quiet : words.failed(formatCompact(failureCount))} />
      <Stat label={words.day} value={formatCompact(day.requests)} title={formatNumber(day.requests)} note={dayRate === null ? words.quiet : words.dayRate(formatPercent(dayRate))} />
      <Stat label={words.keys} value={formatNumber(activeKeys)} note={keysNote} />
    </Stats>
  );
}
