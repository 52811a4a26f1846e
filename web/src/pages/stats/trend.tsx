// Requests of the last 24 hours, hour by hour, in the viewer's zone.
import type { PublicStats } from '../../api/public';
import { TimeChart } from '../../charts/time_chart';
import { Card, Empty, Skeleton } from '../../design/surface';
import { formatCompact } from '../../i18n/format';
import { messages } from '../../i18n/language';
import { lastDay } from './figures';

const text = messages({ title: 'Last 24 hours', success: 'Succeeded', failure: 'Failed', empty: 'A quiet day', emptyNote: 'No request has reached this pool in the last 24 hours.', label: 'Requests by hour' },
  { title: '最近 24 小时', success: '成功', failure: '失败', empty: '今天很安静', emptyNote: '最近 24 小时没有请求。', label: '每小时请求数' });

export function Trend({ stats }: { stats: PublicStats | null }) {
  const words = text();
  const hours = stats?.hourlyTrend ?? [];
  const content = () => {
    if (!stats) return <Skeleton chart />;
    if (lastDay(hours).requests === 0) return <Empty title={words.empty}>{words.emptyNote}</Empty>;
    return (
      <TimeChart label={words.label} step="hour" starts_ms={hours.map(({ hourStart }) => Date.parse(hourStart))} format={formatCompact} height={240} series={[
        { label: words.success, color: '--series-1', kind: 'bars', values: hours.map(({ success }) => success) },
        { label: words.failure, color: '--series-bad', kind: 'bars', values: hours.map(({ failure }) => failure) },
      ]} />
    );
  };
  return <Card title={words.title}>{content()}</Card>;
}
