// The audit log: every change an operator made, newest first.
import { useState } from 'preact/hooks';
import * as admin from '../../../api/admin';
import { useResource } from '../../../api/resource';
import { Button } from '../../../design/button';
import { visibleText } from '../../../design/model_name';
import { Badge, Card, Empty, ErrorState, Skeleton, StaleNotice } from '../../../design/surface';
import { formatDateTime, formatNumber } from '../../../i18n/format';
import { messages } from '../../../i18n/language';
import { provider } from '../place';
import { PageHead } from '../words';

const text = messages({
  title: 'Audit log', note: 'Every change made with the admin token, newest first. Keys and tokens are never written here in full.', when: 'When', action: 'Action', target: 'Target', detail: 'Detail', from: 'From',
  none: 'Nothing has been changed yet', noneNote: 'Adding keys, creating tokens and all other changes appear here.', page: (page: string, pages: string) => `Page ${page} of ${pages}`, newer: 'Newer', older: 'Older',
}, {
  title: '审计日志', note: '使用管理令牌所做的每次更改，最新的在前。密钥和令牌从不完整记录。', when: '时间', action: '操作', target: '对象', detail: '详情', from: '来源',
  none: '还没有任何更改', noneNote: '添加密钥、创建令牌等更改会显示在这里。', page: (page: string, pages: string) => `第 ${page} / ${pages} 页`, newer: '较新', older: '较早',
});

/** A text as it is, anything else as compact JSON; nothing as a dash. */
function shown(value: unknown): string {
  if (value === null || value === undefined || value === '') return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export function Page() {
  const [page, setPage] = useState(1);
  const id = provider.value;
  const words = text();
  const log = useResource(`audit ${id} ${page}`, (signal) => admin.audit(id, page, signal));
  const { data } = log;
  return (
    <>
      <PageHead title={words.title} note={words.note} />
      {log.stale && <StaleNotice onRetry={() => void log.reload()} />}
      <Card flush>
        {log.loading && <div class="card-body"><Skeleton lines={6} /></div>}
        {log.error && !data ? <ErrorState level={2} error={log.error} onRetry={() => void log.reload()} /> : null}
        {data?.entries.length === 0 && <Empty level={2} title={words.none}>{words.noneNote}</Empty>}
        {data && data.entries.length > 0 && (
          <div class="table-scroll" tabIndex={0} role="region" aria-label={words.title}>
            <table class="table">
              <thead><tr><th scope="col">{words.when}</th><th scope="col">{words.action}</th><th scope="col">{words.target}</th><th scope="col">{words.detail}</th><th scope="col">{words.from}</th></tr></thead>
              <tbody>{data.entries.map((entry, i) => (
                <tr key={i}>
                  <td class="number no-wrap">{formatDateTime(entry.at)}</td>
                  <td><Badge plain>{entry.action}</Badge></td>
                  <td class="audit-text"><bdi>{visibleText(shown(entry.target))}</bdi>{typeof entry.affected === 'number' && entry.affected > 1 && <span class="faint"> × {formatNumber(entry.affected)}</span>}</td>
                  <td class="audit-text muted"><bdi>{visibleText(shown(entry.detail))}</bdi></td>
                  <td class="mono no-wrap">{shown(entry.address)}</td>
                </tr>
              ))}</tbody>
            </table>
          </div>
        )}
      </Card>
      {data && data.totalPages > 1 && (
        <div class="pager">
          <span class="muted small">{words.page(formatNumber(data.page), formatNumber(data.totalPages))}</span>
          <Button size="small" disabled={page <= 1} onClick={() => setPage(page - 1)}>{words.newer}</Button>
          <Button size="small" disabled={page >= data.totalPages} onClick={() => setPage(page + 1)}>{words.older}</Button>
        </div>
      )}
    </>
  );
}
