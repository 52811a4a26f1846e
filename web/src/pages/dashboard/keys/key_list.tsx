// The list of keys: a table that draws only the rows in view, so a hundred thousand scroll as smoothly as ten.
import { useEffect, useRef, useState } from 'preact/hooks';
import { figure, type KeyRow } from '../../../api/admin';
import { Check } from '../../../design/field';
import { visibleText } from '../../../design/model_name';
import { formatCompact, formatMoney, formatPercent } from '../../../i18n/format';
import { messages } from '../../../i18n/language';
import { goTo, hrefOf } from '../place';
import { Countdown, Moment, reasonWords, StateBadge } from '../words';
import type { KeyPages } from './key_pages';
import type { Selection } from './selection';
import { useVirtualRows } from './virtual_rows';

const text = messages({ label: 'Keys', key: 'Key', state: 'State', requests: 'Requests', rate: 'Success', cost: 'Cost', last: 'Last success', choose: (key: string) => `Choose ${key}`, chooseLoaded: 'Choose the keys in view' },
  { label: '密钥', key: '密钥', state: '状态', requests: '请求', rate: '成功率', cost: '费用', last: '最近成功', choose: (key: string) => `选择 ${key}`, chooseLoaded: '选择可见的密钥' });

const kRowHeight_px = 56;
const kNarrowRowHeight_px = 92;
const kNarrow = matchMedia('(max-width: 48rem)');

function useNarrow(): boolean {
  const [isNarrow, setNarrow] = useState(kNarrow.matches);
  useEffect(() => {
    const changed = () => setNarrow(kNarrow.matches);
    kNarrow.addEventListener('change', changed);
    return () => kNarrow.removeEventListener('change', changed);
  }, []);
  return isNarrow;
}

function Row({ row, selection, onChoose }: { row: KeyRow; selection: Selection; onChoose: (isChosen: boolean, isRange: boolean) => void }) {
  const words = text();
  const total = figure(row.total_requests);
  const isRange = useRef(false);
  return (
    <>
      <div role="cell" class="key-check" onClick={(event) => { isRange.current = event.shiftKey; event.stopPropagation(); }}><Check checked={selection.chosen.has(row.id)} aria-label={words.choose(row.api_key)} onValue={(isChosen) => onChoose(isChosen, isRange.current)} /></div>
      <div role="cell" class="key-name"><a class="mono" href={hrefOf('keys', row.id)} onClick={(event) => event.stopPropagation()}>{row.api_key}</a><span class="faint small truncate"><bdi>{visibleText(row.username)}</bdi></span></div>
      <div role="cell" class="key-state"><span class="row no-break"><StateBadge state={row.status} />{row.until && row.status !== 'active' && <span class="muted small truncate"><Countdown until={row.until} /></span>}</span>{row.reason && row.status !== 'active' && <span class="muted small truncate">{reasonWords(row.reason)}</span>}</div>
      <div role="cell" class="key-figure"><span class="key-caption" aria-hidden="true">{words.requests}</span>{formatCompact(total)}</div>
      <div role="cell" class="key-figure"><span class="key-caption" aria-hidden="true">{words.rate}</span>{total > 0 ? formatPercent(figure(row.success_count) / total) : '–'}</div>
      <div role="cell" class="key-figure key-cost">{formatMoney(figure(row.cost_nano))}</div>
      <div role="cell" class="key-figure key-last"><Moment at={row.last_success} /></div>
    </>
  );
}

export function KeyList({ pages, selection }: { pages: KeyPages; selection: Selection }) {
  const scroller = useRef<HTMLDivElement>(null);
  const isNarrow = useNarrow();
  const anchor = useRef<number | null>(null);
  const total = pages.total ?? 0;
  const { items, height } = useVirtualRows(scroller, total, isNarrow ? kNarrowRowHeight_px : kRowHeight_px);
  const from = items[0]?.index ?? 0;
  const to = (items.at(-1)?.index ?? 0) + 1;
  useEffect(() => pages.show(from, to), [pages, from, to]);
  const words = text();
  const inView = items.map((item) => pages.rowAt(item.index)).filter((row): row is KeyRow => row !== undefined);
  const chosenInView = inView.filter((row) => selection.chosen.has(row.id)).length;

  const choose = (index: number, isChosen: boolean, isRange: boolean) => {
    const start = isRange && anchor.current !== null ? anchor.current : index;
    anchor.current = index;
    const rows = Array.from({ length: Math.abs(index - start) + 1 }, (_, i) => pages.rowAt(Math.min(index, start) + i));
    selection.toggle(rows.filter((row): row is KeyRow => row !== undefined), isChosen);
  };

  return (
    <div class="key-table" role="table" aria-label={words.label} aria-rowcount={total + 1}>
      <div role="rowgroup">
        <div class="key-head" role="row" aria-rowindex={1}>
          <div role="columnheader" class="key-check"><Check aria-label={words.chooseLoaded} checked={chosenInView > 0 && chosenInView === inView.length} indeterminate={chosenInView > 0 && chosenInView < inView.length} onValue={(isChosen) => selection.toggle(inView, isChosen)} /></div>
          <div role="columnheader">{words.key}</div><div role="columnheader">{words.state}</div><div role="columnheader" class="key-figure">{words.requests}</div><div role="columnheader" class="key-figure">{words.rate}</div><div role="columnheader" class="key-figure key-cost">{words.cost}</div><div role="columnheader" class="key-figure key-last">{words.last}</div>
        </div>
      </div>
      <div class="key-scroller" role="rowgroup" ref={scroller} tabIndex={0} aria-label={words.label}>
        <div class="key-rows" role="presentation" style={{ height: `${height}px` }}>
          {items.map((item) => {
            const row = pages.rowAt(item.index);
            return (
              <div key={item.index} class={row ? 'key-row' : 'key-row waiting'} role="row" aria-rowindex={item.index + 2} style={{ transform: `translateY(${item.start}px)`, height: `${item.size}px` }} onClick={() => { if (row && !getSelection()?.toString()) goTo('keys', row.id); }}>
                {row ? <Row row={row} selection={selection} onChoose={(isChosen, isRange) => choose(item.index, isChosen, isRange)} /> : <><div role="cell" /><div role="cell"><div class="skeleton line" /></div></>}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
