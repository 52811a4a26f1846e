// The keys: search, filter, sort, choose, act. One key's own page when the address names it.
import { useEffect, useState } from 'preact/hooks';
import * as admin from '../../../api/admin';
import type { KeyRow } from '../../../api/admin';
import { Button } from '../../../design/button';
import { Segmented, Select } from '../../../design/field';
import { Icon } from '../../../design/icon';
import { Card, Empty, errorWords, ErrorState, Skeleton, StaleNotice } from '../../../design/surface';
import { showToast } from '../../../design/toast';
import { formatNumber } from '../../../i18n/format';
import { messages } from '../../../i18n/language';
import { hrefOf, place, provider, replaceQuery } from '../place';
import { PageHead } from '../words';
import { KeyActions } from './key_actions';
import { KeyList } from './key_list';
import { KeyPage } from './key_page';
import { useKeyPages } from './key_pages';
import { PoolActions } from './pool_actions';
import { useSelection } from './selection';

const kMostChosen = 10_000; // what one call of the API takes
const kMostRowsPerCall = 1000;
const kTyping_ms = 250;

const text = messages({
  title: 'Keys', search: 'Search by name, id or the start of a key', status: 'State', all: 'All', active: 'Active', failed: 'Benched', disabled: 'Disabled', expired: 'Expired', sort: 'Sort', newest: 'Newest first', oldest: 'Oldest first', name: 'Name', requests: 'Most requests', failure: 'Most failures', lastUsed: 'Last used',
  count: (n: string) => `${n} keys`, chosen: (n: string) => `${n} chosen`, chooseAll: (n: string) => `Choose all ${n}`, clear: 'Clear', none: 'No keys yet', noneNote: 'A pool lives by its keys. Paste them or drop a file; duplicates are found by themselves.', import: 'Import keys', noMatch: 'Nothing matches', noMatchNote: 'No key fits this search and filter.', reset: 'Show all keys',
}, {
  title: '密钥', search: '按名称、ID 或密钥开头搜索', status: '状态', all: '全部', active: '可用', failed: '暂停', disabled: '已停用', expired: '已过期', sort: '排序', newest: '最新在前', oldest: '最早在前', name: '名称', requests: '请求最多', failure: '失败最多', lastUsed: '最近使用',
  count: (n: string) => `共 ${n} 个密钥`, chosen: (n: string) => `已选 ${n} 个`, chooseAll: (n: string) => `选择全部 ${n} 个`, clear: '清除', none: '还没有密钥', noneNote: '密钥池离不开密钥。粘贴或拖入文件即可；重复项会自动识别。', import: '导入密钥', noMatch: '没有匹配项', noMatchNote: '没有符合搜索和筛选条件的密钥。', reset: '显示全部密钥',
});

async function allMatching(id: string, query: admin.KeyQuery, total: number): Promise<KeyRow[]> {
  const rows: KeyRow[] = [];
  for (let page = 1; rows.length < Math.min(total, kMostChosen); ++page) {
    const answer = await admin.keys(id, query, page, kMostRowsPerCall);
    rows.push(...answer.api_keys);
    if (answer.api_keys.length < kMostRowsPerCall) break;
  }
  return rows.slice(0, kMostChosen);
}

function List() {
  const { query } = place.value;
  const status = query.get('status') ?? '';
  const sort = query.get('sort') ?? '';
  const search = query.get('search') ?? '';
  const [typed, setTyped] = useState(search);
  const [isChoosing, setChoosing] = useState(false);
  const id = provider.value;
  const wanted = { status, sort, search };
  const pages = useKeyPages(id, wanted);
  const selection = useSelection();
  const words = text();
  const change = (part: Record<string, string>) => {
    selection.clear();
    replaceQuery({ ...wanted, ...part });
  };
  useEffect(() => {
    if (typed === search) return;
    const timer = setTimeout(() => change({ search: typed.trim() }), kTyping_ms);
    return () => clearTimeout(timer);
  }, [typed]);
  const chooseAll = async () => {
    setChoosing(true);
    await allMatching(id, wanted, pages.total ?? 0).then(selection.replace, (error: unknown) => showToast(errorWords(error).title, { tone: 'bad' }));
    setChoosing(false);
  };
  const done = (what: 'changed' | 'removed') => {
    if (what === 'removed') selection.clear();
    pages.reload();
  };
  const { total } = pages;
  const isFiltered = status !== '' || search !== '';
  const count = selection.chosen.size;
  return (
    <>
      <PageHead title={words.title} note={total === null ? undefined : words.count(formatNumber(total))} actions={<PoolActions provider={id} onChecked={pages.reload} />} />
      <div class="stack">
        {pages.isStale && <StaleNotice onRetry={pages.reload} />}
        <div class="key-tools">
          <div class="search-box"><Icon name="search" /><input type="search" class="input" aria-label={words.search} placeholder={words.search} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} onKeyDown={(event) => { if (event.key === 'Escape') { setTyped(''); event.currentTarget.blur(); } }} /></div>
          <Segmented label={words.status} value={status} onValue={(chosen) => change({ status: chosen })} options={[['', words.all], ['active', words.active], ['failed', words.failed], ['disabled', words.disabled], ['expired', words.expired]]} />
          <Select label={words.sort} value={sort} onValue={(chosen) => change({ sort: chosen })} options={[['', words.newest], ['created', words.oldest], ['username', words.name], ['-requests', words.requests], ['-failure', words.failure], ['-last_used', words.lastUsed]]} />
        </div>
        {count > 0 && (
          <div class="bulk-bar" role="region" aria-label={words.chosen(formatNumber(count))}>
            <strong aria-live="polite">{words.chosen(formatNumber(count))}</strong>
            {total !== null && count < Math.min(total, kMostChosen) && <Button size="small" kind="quiet" busy={isChoosing} onClick={() => void chooseAll()}>{words.chooseAll(formatNumber(Math.min(total, kMostChosen)))}</Button>}
            <span class="grow" />
            <KeyActions provider={id} chosen={selection.chosen} onDone={done} />
            <Button size="small" kind="quiet" onClick={selection.clear}>{words.clear}</Button>
          </div>
        )}
        <Card flush>
          {pages.error ? <ErrorState level={2} error={pages.error} onRetry={pages.reload} /> : null}
          {total === null && !pages.error && <div class="card-body"><Skeleton lines={8} /></div>}
          {total === 0 && !isFiltered && <Empty level={2} title={words.none} actions={<a class="button primary" href={hrefOf('import')}>{words.import}</a>}>{words.noneNote}</Empty>}
          {total === 0 && isFiltered && <Empty level={2} title={words.noMatch} actions={<Button onClick={() => { setTyped(''); change({ status: '', search: '' }); }}>{words.reset}</Button>}>{words.noMatchNote}</Empty>}
          {total !== null && total > 0 && <KeyList pages={pages} selection={selection} />}
        </Card>
      </div>
    </>
  );
}

export function Page() {
  const { item } = place.value;
  return item ? <KeyPage key={item} id={item} /> : <List />;
}
