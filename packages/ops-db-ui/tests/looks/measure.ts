import type { Page } from "@playwright/test";

/** What can be measured of a page in a window, as the rules of looks have it. */
export interface Measured {
  /** Different font sizes of visible text, px. */
  readonly fontSizes: readonly number[];
  /**
   * Left edges, px, at which at least three blocks begin. A block is the nearest ancestor of a text that is no inline
   * box: texts that follow each other in a line have one edge. A table counts once, with the edge of its own: what
   * stands in its columns is in line by itself. So do a drawing, a list whose rows share columns (`subgrid`), and
   * what stands in three or more columns of one width.
   */
  readonly leftEdges: readonly number[];
  /** Gaps and margins of boxes that are no multiple of 4 px, but those of a pixel, by which lines lie upon lines. */
  readonly oddGaps: readonly string[];
  /** Texts that are cut off. */
  readonly clipped: readonly string[];
  /** Pairs of texts, or of what can be pressed, that lie upon each other. */
  readonly overlapping: readonly string[];
  /** Pixels that the page is wider than the window. */
  readonly sideways: number;
  /** Parts of the answer that end below the window, or below the bar at its bottom. */
  readonly belowFold: readonly string[];
  /** Words that are visible; figures are none. */
  readonly words: number;
}

/** Measure a part of a page as it stands; some elements of the page are its answer. */
export function measure(page: Page, part: string, answer: readonly string[]): Promise<Measured> {
  return page.evaluate(
    ([measured, selectors]) => {
      const main = document.querySelector(measured) ?? document.body;
      const isShown = (element: Element) =>
        element.checkVisibility({ checkVisibilityCSS: true, checkOpacity: true }) &&
        element.getBoundingClientRect().width > 1 &&
        element.closest(".visually-hidden") === null;
      const wordsOf = (text: string) => text.split(/\s+/).filter((word) => /\p{L}/u.test(word)).length;
      const nameOf = (element: Element) =>
        (element.textContent ?? "").trim().replace(/\s+/g, " ").slice(0, 50);
      const floats = (element: Element) => {
        for (let it: Element | null = element; it !== null; it = it.parentElement) {
          if (["fixed", "sticky"].includes(getComputedStyle(it).position)) return true;
        }
        return false;
      };

      const texts: { readonly node: Node; readonly parent: Element; readonly rects: readonly DOMRect[] }[] =
        [];
      const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
      while (walker.nextNode()) {
        const node = walker.currentNode;
        const parent = node.parentElement;
        if ((node.textContent ?? "").trim() === "" || parent === null || !isShown(parent)) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        texts.push({ node, parent, rects: [...range.getClientRects()] });
      }

      const isEven = (widths: readonly number[]) =>
        widths.length >= 3 && widths.every((width) => Math.abs(width - (widths[0] ?? 0)) < 1);
      const widthsInLine = (element: Element) => {
        const { display, flexDirection } = getComputedStyle(element);
        if (display !== "flex" || flexDirection !== "row") return [];
        return [...element.children].map((child) => child.getBoundingClientRect().width);
      };
      const blockOf = (element: Element): Element => {
        const whole = element.closest("table, [role=table], [role=grid], svg, [data-drawing]");
        if (whole !== null) return whole;
        for (let it: Element = element; it.parentElement !== null; it = it.parentElement) {
          const columns = getComputedStyle(it).gridTemplateColumns;
          if (columns.startsWith("subgrid")) return it.parentElement;
          if (isEven(columns.split(" ").map(Number.parseFloat)) || isEven(widthsInLine(it))) return it;
        }
        let block = element;
        while (getComputedStyle(block).display.startsWith("inline") && block.parentElement !== null) {
          block = block.parentElement;
        }
        return block;
      };
      const edges = new Map<number, number>();
      for (const block of new Set(texts.map(({ parent }) => blockOf(parent)))) {
        const style = getComputedStyle(block);
        const inset = Number.parseFloat(style.paddingLeft) + Number.parseFloat(style.borderLeftWidth);
        const left = Math.round(
          block.getBoundingClientRect().left + (block.matches("table, svg") ? 0 : inset),
        );
        edges.set(left, (edges.get(left) ?? 0) + 1);
      }

      const clipped = new Set<string>();
      const oddGaps = new Set<string>();
      for (const element of main.querySelectorAll("*")) {
        if (!isShown(element) || element.closest("svg") !== null) continue;
        const style = getComputedStyle(element);
        const cutsX = ["hidden", "clip"].includes(style.overflowX);
        const cutsY = ["hidden", "clip"].includes(style.overflowY);
        const isCut =
          (cutsX && element.scrollWidth > element.clientWidth + 1) ||
          (cutsY && element.scrollHeight > element.clientHeight + 1);
        if (isCut && nameOf(element) !== "") clipped.add(nameOf(element));
        const isBox = !style.display.startsWith("inline") && !style.display.startsWith("table");
        for (const property of ["rowGap", "columnGap", "marginTop", "marginBottom"] as const) {
          const pixels = Number.parseFloat(style[property]);
          if (isBox && Number.isFinite(pixels) && Math.abs(pixels) !== 1 && pixels % 4 !== 0) {
            oddGaps.add(`${element.getAttribute("class") ?? element.tagName} ${property} ${style[property]}`);
          }
        }
      }

      /** What of a box is seen: not what an element around it cuts off, which is a fault of its own. */
      const seenOf = (element: Element, rects: readonly DOMRect[]) => {
        let seen = rects;
        for (let it: Element | null = element; it !== null; it = it.parentElement) {
          const { overflowX, overflowY } = getComputedStyle(it);
          if (overflowX === "visible" && overflowY === "visible") continue;
          const frame = it.getBoundingClientRect();
          seen = seen.map((rect) => {
            const [x, y] = [Math.max(rect.left, frame.left), Math.max(rect.top, frame.top)];
            const [right, bottom] = [Math.min(rect.right, frame.right), Math.min(rect.bottom, frame.bottom)];
            return new DOMRect(x, y, Math.max(0, right - x), Math.max(0, bottom - y));
          });
        }
        return seen;
      };

      // Not what floats above the page, and not what belongs together.
      const boxes = [
        ...texts
          .filter(({ parent }) => !floats(parent))
          .map(({ parent, rects }) => ({ element: parent, rects: seenOf(parent, rects) })),
        ...[...main.querySelectorAll("button, a, input, select")]
          .filter(
            (element) =>
              isShown(element) && !floats(element) && !getComputedStyle(element).display.startsWith("inline"),
          )
          .map((element) => ({ element, rects: seenOf(element, [element.getBoundingClientRect()]) })),
      ];
      const overlapping = new Set<string>();
      for (const [index, one] of boxes.entries()) {
        for (const other of boxes.slice(index + 1)) {
          if (one.element.contains(other.element) || other.element.contains(one.element)) continue;
          const touch = one.rects.some((a) =>
            other.rects.some(
              (b) =>
                Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 &&
                Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4,
            ),
          );
          if (touch) overlapping.add(`${nameOf(one.element)} | ${nameOf(other.element)}`);
        }
      }

      const bars = [...document.querySelectorAll("nav")].filter(
        (bar) =>
          isShown(bar) && getComputedStyle(bar).position === "fixed" && bar.getBoundingClientRect().top > 100,
      );
      const fold = Math.min(innerHeight, ...bars.map((bar) => bar.getBoundingClientRect().top));
      const belowFold = selectors.flatMap((selector) => {
        const found = [...document.querySelectorAll(selector)].find(isShown);
        if (found === undefined) return [`${selector} is missing`];
        const { bottom } = found.getBoundingClientRect();
        return bottom > fold ? [`${nameOf(found)} ends ${Math.ceil(bottom - fold)} px below`] : [];
      });
      return {
        fontSizes: [
          ...new Set(texts.map(({ parent }) => Number.parseFloat(getComputedStyle(parent).fontSize))),
        ].sort((a, b) => a - b),
        leftEdges: [...edges]
          .filter(([, count]) => count >= 3)
          .map(([left]) => left)
          .sort((a, b) => a - b),
        oddGaps: [...oddGaps],
        clipped: [...clipped],
        overlapping: [...overlapping],
        sideways: Math.max(0, document.documentElement.scrollWidth - innerWidth),
        belowFold,
        words: texts.reduce((sum, { node }) => sum + wordsOf(node.textContent ?? ""), 0),
      };
    },
    [part, answer] as const,
  );
}
