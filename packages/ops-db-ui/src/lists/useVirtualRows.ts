import { useVirtualizer, useWindowVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useCallback, useEffect, useLayoutEffect, useState } from "react";
import { usePanePlace } from "~/components/pane";

/** Fewer rows than this are all in the page. */
const VIRTUAL_FROM = 80;
const ROW_HEIGHT = 40;
const OVERSCAN = 12;

/** Which rows are in the page, and how much room the others take. */
export interface VirtualRows {
  readonly isVirtual: boolean;
  readonly indexes: readonly number[];
  readonly before: number;
  readonly after: number;
  readonly measure: ((row: Element | null) => void) | undefined;
  readonly scrollTo: (index: number) => void;
}

/** Return which rows of a list are near the window; the window scrolls, or the pane that the list is in. */
export function useVirtualRows(
  body: RefObject<HTMLElement | null>,
  count: number,
  onShown: ((first: number, last: number) => void) | undefined,
): VirtualRows {
  const isVirtual = count >= VIRTUAL_FROM;
  const place = usePanePlace();
  const scroller = place?.scroller ?? null;
  const [scrollMargin, setScrollMargin] = useState(0);
  useLayoutEffect(() => {
    const top = body.current?.getBoundingClientRect().top;
    if (top === undefined) return;
    const scrolled =
      scroller === null ? window.scrollY : scroller.scrollTop - scroller.getBoundingClientRect().top;
    setScrollMargin(Math.round(top + scrolled));
  });
  const options = { count, estimateSize: () => ROW_HEIGHT, overscan: OVERSCAN, scrollMargin };
  const inWindow = useWindowVirtualizer({ ...options, enabled: isVirtual && place === null });
  const inPane = useVirtualizer<HTMLElement, Element>({
    ...options,
    enabled: isVirtual && place !== null,
    getScrollElement: () => scroller,
  });
  const virtualizer = place === null ? inWindow : inPane;
  const scrollTo = useCallback(
    (index: number) => {
      if (isVirtual) virtualizer.scrollToIndex(index, { align: "auto" });
    },
    [isVirtual, virtualizer],
  );
  const items = virtualizer.getVirtualItems();
  const first = isVirtual ? (items[0]?.index ?? 0) : 0;
  const last = isVirtual ? (items.at(-1)?.index ?? 0) : count - 1;
  useEffect(() => onShown?.(first, last), [onShown, first, last]);
  if (!isVirtual) {
    return {
      isVirtual,
      indexes: Array.from({ length: count }, (_, index) => index),
      before: 0,
      after: 0,
      measure: undefined,
      scrollTo,
    };
  }
  return {
    isVirtual,
    indexes: items.map(({ index }) => index),
    before: Math.max(0, (items[0]?.start ?? scrollMargin) - scrollMargin),
    after: Math.max(0, virtualizer.getTotalSize() - ((items.at(-1)?.end ?? scrollMargin) - scrollMargin)),
    measure: virtualizer.measureElement,
    scrollTo,
  };
}
