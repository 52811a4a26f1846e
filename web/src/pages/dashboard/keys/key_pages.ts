// The keys that match a query, loaded in pages as they come into view: a hundred thousand are never all here. Pages in view are loaded anew
// now and then while the window is visible; rows that left stay until the query changes.
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import * as admin from '../../../api/admin';
import type { KeyQuery, KeyRow } from '../../../api/admin';

export const kPageSize = 100;
const kRefresh_ms = 10_000;
const kSettle_ms = 60; // while scrolling fast, pages that only fly by are not asked for

export interface KeyPages {
  total: number | null;
  rowAt(index: number): KeyRow | undefined;
  error: unknown;
  isStale: boolean;
  /** Rows [from, to) are in view. */
  show(from: number, to: number): void;
  reload(): void;
}

interface Held { pages: Map<number, KeyRow[]>; total: number | null; loading: Map<number, AbortController>; from: number; to: number }

export function useKeyPages(provider: string, query: KeyQuery): KeyPages {
  const name = JSON.stringify([provider, query]);
  const [version, setVersion] = useState(0);
  const [failure, setFailure] = useState<{ name: string; error: unknown } | null>(null);
  // Another query is another holding: what it shows is its own.
  const held = useMemo<Held>(() => ({ pages: new Map(), total: null, loading: new Map(), from: 0, to: 1 }), [name]);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const load = useCallback(async (page: number) => {
    held.loading.get(page)?.abort();
    const mine = new AbortController();
    held.loading.set(page, mine);
    try {
      const answer = await admin.keys(provider, query, page + 1, kPageSize, mine.signal);
      held.pages.set(page, answer.api_keys);
      held.total = answer.total;
      setFailure(null);
    } catch (error) {
      if (!mine.signal.aborted) setFailure({ name, error });
    } finally {
      if (held.loading.get(page) === mine) held.loading.delete(page);
      if (!mine.signal.aborted) setVersion((before) => before + 1);
    }
  }, [name]);

  const pagesInView = useCallback(() => {
    const first = Math.floor(held.from / kPageSize);
    const last = Math.floor(Math.max(held.from, held.to - 1) / kPageSize);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  }, [held]);

  const loadMissing = useCallback(() => {
    for (const page of pagesInView()) if (!held.pages.has(page) && !held.loading.has(page)) void load(page);
  }, [held, load]);

  const reload = useCallback(() => {
    const visible = new Set(pagesInView());
    for (const page of [...held.pages.keys()]) if (!visible.has(page)) held.pages.delete(page);
    for (const page of visible) void load(page);
  }, [held, load]);

  const show = useCallback((from: number, to: number) => {
    if (held.from === from && held.to === to) return;
    held.from = from;
    held.to = to;
    clearTimeout(timer.current);
    timer.current = setTimeout(loadMissing, kSettle_ms);
  }, [held, loadMissing]);

  useEffect(() => {
    loadMissing();
    const again = setInterval(() => { if (document.visibilityState === 'visible') reload(); }, kRefresh_ms);
    return () => {
      clearInterval(again);
      clearTimeout(timer.current);
      for (const controller of held.loading.values()) controller.abort();
    };
  }, [held, loadMissing, reload]);

  return useMemo(() => ({
    total: held.total, error: failure?.name === name && held.total === null ? failure.error : null, isStale: failure?.name === name && held.total !== null,
    rowAt: (index: number) => held.pages.get(Math.floor(index / kPageSize))?.[index % kPageSize], show, reload,
  }), [held, version, failure, show, reload]);
}
