// Which rows of a long list are in view, by TanStack's virtualizer: the hook that binds it to a Preact component.
import { elementScroll, observeElementOffset, observeElementRect, Virtualizer, type VirtualItem } from '@tanstack/virtual-core';
import { useLayoutEffect, useReducer, useRef, useState } from 'preact/hooks';
import type { RefObject } from 'preact';

const kOverscan = 8;

export function useVirtualRows(scroller: RefObject<HTMLElement | null>, count: number, rowHeight: number): { items: VirtualItem[]; height: number } {
  const [, again] = useReducer((n: number, _: undefined) => n + 1, 0);
  const options = {
    count, overscan: kOverscan, estimateSize: () => rowHeight, getScrollElement: () => scroller.current,
    observeElementRect, observeElementOffset, scrollToFn: elementScroll, onChange: () => again(undefined),
  };
  const [virtualizer] = useState(() => new Virtualizer<HTMLElement, HTMLElement>(options));
  virtualizer.setOptions(options);
  const height = useRef(rowHeight);
  if (height.current !== rowHeight) {
    height.current = rowHeight;
    virtualizer.measure();
  }
  useLayoutEffect(() => virtualizer._didMount(), []);
  useLayoutEffect(() => virtualizer._willUpdate());
  return { items: virtualizer.getVirtualItems(), height: virtualizer.getTotalSize() };
}
