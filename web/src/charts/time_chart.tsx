// A chart of figures over time (uPlot on a canvas): bars or lines, a legend that is also the reading under the pointer, the viewer's zone
// and number format, and the same figures as a table for screen readers. Redraws itself when the theme, the language or the width changes.
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { formatDate, formatDateTime, formatTime } from '../i18n/format';
import { language, messages } from '../i18n/language';
import { themeChanges } from '../i18n/theme';
import './time_chart.css';

export interface Series {
  label: string;
  /** A token of tokens.css: "--series-1". */
  color: string;
  /** null: no figure for that step. */
  values: (number | null)[];
  kind?: 'bars' | 'line' | 'area';
}

interface TimeChartProps {
  label: string;
  step: 'hour' | 'day';
  /** Starts of the steps, milliseconds since the epoch, oldest first. */
  starts_ms: number[];
  /** Bars are stacked, the first at the bottom. */
  series: Series[];
  format: (value: number) => string;
  height?: number;
}

const text = messages({ time: 'Time', table: (name: string) => `${name}, as a table` }, { time: '时间', table: (name: string) => `${name}（表格）` });

/** A token's colour as the canvas understands it. */
function colorOf(element: Element, token: string): string {
  const probe = document.createElement('i');
  probe.style.color = `var(${token})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function withAlpha(color: string, alpha: number): string {
  return color.replace(/^rgb\(([^)]+)\)$/, (_, parts: string) => `rgba(${parts.replaceAll(/[ /]+/g, ',').replaceAll(',,', ',')},${alpha})`);
}

/** Bars are drawn as sums from the top one down, so that each covers what is under it. */
function drawnValues(series: Series[]): (number | null)[][] {
  let below: number[] = [];
  return series.map((row) => {
    if (row.kind !== 'bars') return row.values;
    const sums = row.values.map((value, i) => (value ?? 0) + (below[i] ?? 0));
    below = sums;
    return sums;
  });
}

const kHalfDay_ms = 43_200_000;

/** A day may begin in another zone than the viewer's: it is named after its noon. */
const dayName = (start_ms: number) => formatDate(start_ms + kHalfDay_ms);

function axisTime(step: 'hour' | 'day') {
  return (_: uPlot, ticks: number[]) => ticks.map((tick_s) => (step === 'hour' ? formatTime(tick_s * 1000) : dayName(tick_s * 1000)));
}

export function TimeChart({ label, step, starts_ms, series, format, height = 200 }: TimeChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<number | null>(null);
  const figures = JSON.stringify([starts_ms, series.map(({ values, label: name }) => [name, values])]);
  const redraw = `${themeChanges.value} ${language.value} ${figures}`;

  useEffect(() => {
    const element = place.current!;
    const colors = series.map((row) => colorOf(element, row.color));
    const faint = colorOf(element, '--text-3');
    const grid = { stroke: colorOf(element, '--border'), width: 1 };
    const font = `11px ${getComputedStyle(element).fontFamily}`;
    const drawn = drawnValues(series);
    const order = series.map((_, i) => i).reverse();
    const step_s = step === 'hour' ? 3600 : 86400;
    const chart = new uPlot({
      width: element.clientWidth || 300, height, legend: { show: false }, padding: [8, 4, 0, 0],
      cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
      scales: { x: { time: true, range: (_, low, high) => [low - step_s / 2, high + step_s / 2] }, y: { range: (_, _low, high) => [0, high > 0 ? high * 1.12 : 1] } },
      axes: [
        { stroke: faint, font, grid: { show: false }, ticks: { show: false }, values: axisTime(step), space: 64, size: 28 },
        { stroke: faint, font, grid, ticks: { show: false }, size: 56, space: 40, values: (_, ticks) => ticks.map((tick) => format(tick)) },
      ],
      series: [{}, ...order.map((i): uPlot.Series => {
        const row = series[i]!;
        const color = colors[i]!;
        if (row.kind === 'bars') return { label: row.label, stroke: color, fill: color, width: 0, points: { show: false }, paths: uPlot.paths.bars!({ size: [0.72, 26], radius: 0.15 }) };
        const filled = row.kind === 'area' ? { fill: withAlpha(color, 0.14) } : {};
        return { label: row.label, stroke: color, width: 2, spanGaps: false, paths: uPlot.paths.spline!(), points: { show: row.values.filter((value) => value !== null).length < 2, size: 5, fill: color }, ...filled };
      })],
      hooks: { setCursor: [(self) => setAt(self.cursor.idx ?? null)] },
    }, [starts_ms.map((ms) => ms / 1000), ...order.map((i) => drawn[i]!)] as uPlot.AlignedData, element);
    chart.root.setAttribute('aria-hidden', 'true');
    const watch = new ResizeObserver(() => {
      if (element.clientWidth > 0 && element.clientWidth !== chart.width) chart.setSize({ width: element.clientWidth, height });
    });
    watch.observe(element);
    return () => {
      watch.disconnect();
      chart.destroy();
    };
  }, [redraw, height, step]);

  return (
    <figure class="time-chart" aria-label={label}>
      <div class="time-chart-legend" aria-hidden="true">
        {series.map((row) => <span key={row.label}><i style={{ background: `var(${row.color})` }} />{row.label}{at !== null && row.values[at] != null && <b class="number">{format(row.values[at]!)}</b>}</span>)}
        {at !== null && starts_ms[at] !== undefined && <span class="time-chart-at">{step === 'hour' ? formatDateTime(starts_ms[at]!) : dayName(starts_ms[at]!)}</span>}
      </div>
      <div ref={place} style={{ height: `${height}px` }} />
      <div class="visually-hidden"><table>
        <caption>{text().table(label)}</caption>
        <thead><tr><th scope="col">{text().time}</th>{series.map((row) => <th key={row.label} scope="col">{row.label}</th>)}</tr></thead>
        <tbody>{starts_ms.map((ms, i) => <tr key={ms}><th scope="row">{step === 'hour' ? formatDateTime(ms) : dayName(ms)}</th>{series.map((row) => <td key={row.label}>{row.values[i] == null ? '–' : format(row.values[i]!)}</td>)}</tr>)}</tbody>
      </table></div>
    </figure>
  );
}
