// Our money figures beside the provider's own, per key, as the daily reconciliation found them.
import * as admin from '../../../api/admin';
import { figure } from '../../../api/admin';
import { useResource } from '../../../api/resource';
import { visibleText } from '../../../design/model_name';
import { Card, Empty, ErrorState, Skeleton, StaleNotice, Stat, Stats } from '../../../design/surface';
import { formatMoney } from '../../../i18n/format';
import { messages } from '../../../i18n/language';
import { hrefOf, provider } from '../place';
import { Moment, PageHead } from '../words';

const text = messages({
  title: 'Reconcile', note: 'What this pool counted beside what the provider charged, per key. Use of a key outside the pool, before or besides it, shows as drift.', key: 'Key', ours: 'Ours', theirs: 'Provider', drift: 'Drift', when: 'Compared',
  none: 'Nothing compared yet', noneNote: 'The daily housekeeping compares the keys of providers that report what they charge (OpenRouter does).', sum: 'Sum of drifts', last: 'Last run',
}, {
  title: '对账', note: '按密钥对比本池统计与提供方计费。密钥在池外的使用会显示为差额。', key: '密钥', ours: '本池', theirs: '提供方', drift: '差额', when: '对账时间',
  none: '尚未对账', noneNote: '每日维护会对报告费用的提供方（如 OpenRouter）进行对账。', sum: '差额合计', last: '上次运行',
});

export function Page() {
  const id = provider.value;
  const words = text();
  const found = useResource(`reconcile ${id}`, (signal) => admin.reconcile(id, signal));
  const rows = found.data?.rows ?? [];
  const sum = (name: 'ours_nano' | 'theirs_nano' | 'drift_nano') => rows.reduce((total, row) => total + figure(row[name]), 0);
  return (
    <>
      <PageHead title={words.title} note={words.note} />
      <div class="stack">
        {found.stale && <StaleNotice onRetry={() => void found.reload()} />}
        {rows.length > 0 && <Stats><Stat label={words.ours} value={formatMoney(sum('ours_nano'))} /><Stat label={words.theirs} value={formatMoney(sum('theirs_nano'))} /><Stat label={words.sum} value={formatMoney(sum('drift_nano'))} /><Stat label={words.last} value={<span class="stat-words"><Moment at={found.data?.at} /></span>} /></Stats>}
        <Card flush>
          {found.loading && <div class="card-body"><Skeleton lines={6} /></div>}
          {found.error && !found.data ? <ErrorState level={2} error={found.error} onRetry={() => void found.reload()} /> : null}
          {found.data && rows.length === 0 && <Empty level={2} title={words.none}>{words.noneNote}</Empty>}
          {rows.length > 0 && (
            <div class="table-scroll" tabIndex={0} role="region" aria-label={words.title}>
              <table class="table">
                <thead><tr><th scope="col">{words.key}</th><th scope="col" class="end">{words.ours}</th><th scope="col" class="end">{words.theirs}</th><th scope="col" class="end">{words.drift}</th><th scope="col">{words.when}</th></tr></thead>
                <tbody>{rows.map((row) => (
                  <tr key={row.id}>
                    <td><a class="mono" href={hrefOf('keys', row.id)}>{row.id.slice(0, 8)}</a> <bdi class="muted">{visibleText(row.username)}</bdi></td>
                    <td class="end">{formatMoney(figure(row.ours_nano))}</td>
                    <td class="end">{formatMoney(figure(row.theirs_nano))}</td>
                    <td class="end">{formatMoney(figure(row.drift_nano))}</td>
                    <td><Moment at={row.at} /></td>
                  </tr>
                ))}</tbody>
              </table>
            </div>
          )}
        </Card>
      </div>
    </>
  );
}
