// The four trends: requests, tokens, cost, time to the first byte.
import { figure, type Trends } from '../../../api/admin';
import { TimeChart } from '../../../charts/time_chart';
import { Card, Empty } from '../../../design/surface';
import { formatCompact, formatMilliseconds, formatMoney } from '../../../i18n/format';
import { messages } from '../../../i18n/language';

const text = messages({ requests: 'Requests', success: 'Success', failure: 'Failure', tokens: 'Tokens', prompt: 'Prompt', completion: 'Completion', cost: 'Cost', latency: 'Time to first byte', quiet: 'No requests in this time', quietNote: 'As soon as a client asks, its figures appear here.' },
  { requests: '请求', success: '成功', failure: '失败', tokens: 'Token', prompt: '输入', completion: '输出', cost: '费用', latency: '首字节时间', quiet: '此期间没有请求', quietNote: '一旦有客户端请求，数据就会显示在这里。' });

export function TrendCharts({ trends }: { trends: Trends }) {
  const words = text();
  const { rows, step } = trends;
  if (figure(trends.totals.requests) === 0) return <Card title={words.requests}><Empty title={words.quiet}>{words.quietNote}</Empty></Card>;
  const starts_ms = rows.map((row) => Date.parse(row.start));
  const column = (name: 'success' | 'failure' | 'prompt_tokens' | 'completion_tokens' | 'cost_nano') => rows.map((row) => figure(row[name]));
  return (
    <div class="chart-grid">
      <Card title={words.requests}>
        <TimeChart label={words.requests} step={step} starts_ms={starts_ms} format={formatCompact}
          series={[{ label: words.success, color: '--series-1', values: column('success'), kind: 'bars' }, { label: words.failure, color: '--series-bad', values: column('failure'), kind: 'bars' }]} />
      </Card>
      <Card title={words.tokens}>
        <TimeChart label={words.tokens} step={step} starts_ms={starts_ms} format={formatCompact}
          series={[{ label: words.prompt, color: '--series-2', values: column('prompt_tokens'), kind: 'bars' }, { label: words.completion, color: '--series-3', values: column('completion_tokens'), kind: 'bars' }]} />
      </Card>
      <Card title={words.cost}>
        <TimeChart label={words.cost} step={step} starts_ms={starts_ms} format={formatMoney} series={[{ label: words.cost, color: '--series-4', values: column('cost_nano'), kind: 'area' }]} />
      </Card>
      <Card title={words.latency}>
        <TimeChart label={words.latency} step={step} starts_ms={starts_ms} format={formatMilliseconds} series={[{ label: words.latency, color: '--series-1', values: rows.map((row) => (row.latency_ms === null ? null : figure(row.latency_ms))), kind: 'line' }]} />
      </Card>
    </div>
  );
}
