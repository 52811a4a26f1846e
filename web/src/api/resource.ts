// What a component shows of the server, kept fresh: loaded when its key changes, reloaded on an interval while the page is visible. After
// a failure the last good value stays, marked stale, so a page never goes blank because one call failed.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

export interface Resource<T> {
  data: T | null;
  error: unknown;
  /** The first load of this key. */
  loading: boolean;
  /** Shown data is older than the last attempt, which failed. */
  stale: boolean;
  loadedAt_ms: number;
  reload(): Promise<void>;
  /** Puts a value in place of what was loaded: the effect of an action, seen at once. */
  replace(change: (current: T) => T): void;
}

interface State<T> { key: string; data: T | null; error: unknown; loadedAt_ms: number }

/** `key` names what is loaded; a change of it drops the data. `refresh_ms` 0: no reload by itself. */
export function useResource<T>(key: string, load: (signal: AbortSignal) => Promise<T>, { refresh_ms = 0 } = {}): Resource<T> {
  const [state, setState] = useState<State<T>>({ key, data: null, error: null, loadedAt_ms: 0 });
  const loader = useRef(load);
  loader.current = load;
  const running = useRef<AbortController | null>(null);

  const reload = useCallback(async () => {
    running.current?.abort();
    const mine = new AbortController();
    running.current = mine;
    try {
      const data = await loader.current(mine.signal);
      if (!mine.signal.aborted) setState({ key, data, error: null, loadedAt_ms: Date.now() });
    } catch (error) {
      if (!mine.signal.aborted) setState((before) => (before.key === key ? { ...before, error } : { key, data: null, error, loadedAt_ms: 0 }));
    }
  }, [key]);

  useEffect(() => {
    void reload();
    const again = () => { if (document.visibilityState === 'visible') void reload(); };
    const timer = refresh_ms > 0 ? setInterval(again, refresh_ms) : undefined;
    if (refresh_ms > 0) document.addEventListener('visibilitychange', again);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', again);
      running.current?.abort();
    };
  }, [reload, refresh_ms]);

  const replace = useCallback((change: (current: T) => T) => {
    setState((before) => (before.data === null ? before : { ...before, data: change(before.data) }));
  }, []);

  const current = state.key === key ? state : { key, data: null, error: null, loadedAt_ms: 0 };
  return { data: current.data, error: current.error, loading: current.data === null && !current.error, stale: current.data !== null && Boolean(current.error), loadedAt_ms: current.loadedAt_ms, reload, replace };
}
