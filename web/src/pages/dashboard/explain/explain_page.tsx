// Which key would serve a model now, in which order they would be tried, and why the others would not.
import { useState } from 'preact/hooks';
import * as admin from '../../../api/admin';
import { useResource } from '../../../api/resource';
import { Button } from '../../../design/button';
import { Badge, Card, Empty, ErrorState, Notice, Skeleton } from '../../../design/surface';
import { TextField } from '../../../design/field';
import { formatMilliseconds, formatNumber, formatPercent } from '../../../i18n/format';
import { messages } from '../../../i18n/language';
import { hrefOf, place, provider, replaceQuery } from '../place';
import { Countdown, PageHead, reasonWords, StateBadge } from '../words';

const text = messages({
  title: 'Explain', note: 'Which key would serve a model right now, which would be tried next, and why the others would not.', model: 'Model', placeholder: 'gpt-oss:20b', ask: 'Explain', order: 'Order', key: 'Key', state: 'State', weight: 'Weight', inFlight: 'In flight', failing: 'Failure rate', latency: 'Latency', left: 'Quota left',
  first: 'tried first', none: 'No key is in the working set', noneNote: 'Import keys, or wait for a benched one to come back.', empty: 'Name a model to see the choice.', incident: 'The provider seems to be in trouble as a whole: keys are not blamed, and only a probe now and then goes out.',
  summary: (set: string, usable: string, total: string) => `This isolate knows ${set} keys; ${usable} of all ${total} can serve.`,
}, {
  title: '选择说明', note: '此刻哪个密钥会为某个模型服务，接下来会尝试哪个，以及其余密钥为何不会。', model: '模型', placeholder: 'gpt-oss:20b', ask: '查看', order: '次序', key: '密钥', state: '状态', weight: '权重', inFlight: '在途', failing: '失败率', latency: '延迟', left: '剩余额度',
  first: '首先尝试', none: '工作集中没有密钥', noneNote: '请导入密钥，或等待暂停的密钥恢复。', empty: '输入模型名称即可查看选择结果。', incident: '提供方整体似乎出现故障：不会归咎于密钥，仅偶尔发出探测。',
  summary: (set: string, usable: string, total: string) => `此实例已知 ${set} 个密钥；全部 ${total} 个中有 ${usable} 个可用。`,
});

function Choice({ found }: { found: admin.Explanation }) {
  const words = text();
  if (found.keys.length === 0) return <Empty level={2} title={words.none}>{words.noneNote}</Empty>;
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label={words.title}>
      <table class="table">
        <thead><tr><th scope="col" class="end">{words.order}</th><th scope="col">{words.key}</th><th scope="col">{words.state}</th><th scope="col" class="end">{words.weight}</th><th scope="col" class="end">{words.inFlight}</th><th scope="col" class="end">{words.failing}</th><th scope="col" class="end">{words.latency}</th><th scope="col" class="end">{words.left}</th></tr></thead>
        <tbody>{found.keys.map((row, i) => (
          <tr key={row.id}>
            <td class="end">{formatNumber(row.order)}</td>
            <td class="no-wrap"><a class="mono" href={hrefOf('keys', row.id)}>{row.id.slice(0, 8)}</a> {i === 0 && row.state === 'ready' && <Badge tone="accent" plain>{words.first}</Badge>}</td>
            <td><div class="row"><StateBadge state={row.state} />{row.reason && <span class="muted small">{reasonWords(row.reason)}</span>}{row.until && <span class="muted small"><Countdown until={row.until} /></span>}</div></td>
            <td class="end">{formatPercent(row.weight)}</td>
            <td class="end">{formatNumber(row.inFlight)}{row.ceiling ? ` / ${formatNumber(row.ceiling)}` : ''}</td>
            <td class="end">{formatPercent(row.failureRate)}</td>
            <td class="end">{row.latencyMs > 0 ? formatMilliseconds(row.latencyMs) : '–'}</td>
            <td class="end">{row.remaining === undefined ? '–' : formatPercent(row.remaining)}</td>
          </tr>
        ))}</tbody>
      </table>
    </div>
  );
}

export function Page() {
  const asked = place.value.query.get('model') ?? '';
  const [model, setModel] = useState(asked);
  const id = provider.value;
  const words = text();
  const found = useResource<admin.Explanation | null>(`explain ${id} ${asked}`, (signal) => (asked ? admin.explain(id, asked, signal) : Promise.resolve(null)));
  const submit = (event: Event) => {
    event.preventDefault();
    if (model.trim() === asked) void found.reload();
    else replaceQuery({ model: model.trim() });
  };
  return (
    <>
      <PageHead title={words.title} note={words.note} />
      <div class="stack">
        <Card><form class="inline-form" onSubmit={submit}><TextField label={words.model} value={model} onValue={setModel} placeholder={words.placeholder} mono type="search" /><Button kind="primary" type="submit">{words.ask}</Button></form></Card>
        {found.data?.incident && <Notice tone="warn">{words.incident}</Notice>}
        <Card flush={Boolean(found.data)}>
          {!asked && <Empty level={2} title={words.empty} />}
          {asked && found.data === null && !found.error && <Skeleton lines={5} />}
          {found.error && !found.data ? <ErrorState level={2} error={found.error} onRetry={() => void found.reload()} /> : null}
          {found.data && <><p class="muted small table-note">{words.summary(formatNumber(found.data.inWorkingSet), formatNumber(found.data.usable), formatNumber(found.data.total))}</p><Choice found={found.data} /></>}
        </Card>
      </div>
    </>
  );
}
