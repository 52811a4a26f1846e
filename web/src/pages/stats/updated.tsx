// How old the figures are, counted up while somebody looks.
import { useEffect, useState } from 'preact/hooks';
import { formatDateTime, formatRelative } from '../../i18n/format';
import { messages } from '../../i18n/language';

const text = messages({ updated: (when: string) => `Updated ${when}`, now: 'just now' }, { updated: (when: string) => `更新于${when}`, now: '刚刚' });
const kTick_ms = 5000;
const kJustNow_ms = 10_000;

export function Updated({ at_ms }: { at_ms: number }) {
  const [now_ms, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), kTick_ms);
    return () => clearInterval(timer);
  }, []);
  const age_ms = Math.max(0, now_ms - at_ms);
  const when = age_ms < kJustNow_ms ? text().now : formatRelative(at_ms, now_ms);
  return <time class="small faint number" dateTime={new Date(at_ms).toISOString()} title={formatDateTime(at_ms)}>{text().updated(when)}</time>;
}
