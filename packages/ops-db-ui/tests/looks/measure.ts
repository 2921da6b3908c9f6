import type { Page } from "@playwright/test";

/** What can be measured of a picture, as the rules of looks have it. */
export interface Measured {
  /** Different font sizes of visible text, px; at most 6. */
  readonly fontSizes: readonly number[];
  /** Left edges, px, at which at least three texts begin; at most 8. */
  readonly leftEdges: readonly number[];
  /** Gaps of grids and stacks that are no multiple of 4 px. */
  readonly oddGaps: readonly string[];
  /** Texts that are cut off. */
  readonly clipped: readonly string[];
  /** Pixels that the page is wider than the window; 0. */
  readonly sideways: number;
  /** Words that are visible. */
  readonly words: number;
}

/** Measure a page as it stands. */
export function measure(page: Page): Promise<Measured> {
  return page.evaluate(() => {
    const main = document.querySelector("main") ?? document.body;
    const sizes = new Set<number>();
    const edges = new Map<number, number>();
    const clipped: string[] = [];
    const oddGaps = new Set<string>();
    let words = 0;
    const isShown = (element: Element) =>
      element.checkVisibility({ checkVisibilityCSS: true, checkOpacity: true }) &&
      element.getBoundingClientRect().width > 1;
    const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const text = walker.currentNode.textContent?.trim() ?? "";
      const parent = walker.currentNode.parentElement;
      if (text === "" || parent === null || !isShown(parent) || parent.closest(".visually-hidden") !== null) {
        continue;
      }
      words += text.split(/\s+/).length;
      sizes.add(Number.parseFloat(getComputedStyle(parent).fontSize));
      const range = document.createRange();
      range.selectNodeContents(walker.currentNode);
      const left = Math.round(range.getBoundingClientRect().left);
      edges.set(left, (edges.get(left) ?? 0) + 1);
    }
    for (const element of main.querySelectorAll("*")) {
      if (!isShown(element) || element.closest(".visually-hidden") !== null) continue;
      const style = getComputedStyle(element);
      const cuts = style.overflowX === "hidden" || style.textOverflow === "ellipsis";
      if (cuts && element.scrollWidth > element.clientWidth + 1 && element.textContent !== "") {
        clipped.push((element.textContent ?? "").trim().slice(0, 60));
      }
      for (const gap of [style.rowGap, style.columnGap]) {
        const pixels = Number.parseFloat(gap);
        if (Number.isFinite(pixels) && pixels % 4 !== 0) {
          oddGaps.add(`${element.className || element.tagName}: ${gap}`);
        }
      }
    }
    return {
      fontSizes: [...sizes].sort((a, b) => a - b),
      leftEdges: [...edges].filter(([, count]) => count >= 3).map(([left]) => left),
      oddGaps: [...oddGaps],
      clipped,
      sideways: Math.max(0, document.documentElement.scrollWidth - innerWidth),
      words,
    };
  });
}

/** Return what of the rules does not hold; empty when all do. */
export function broken(measured: Measured, width: number, mostWords: number | null): readonly string[] {
  const found: string[] = [];
  if (measured.fontSizes.length > 6)
    found.push(`${measured.fontSizes.length} font sizes: ${measured.fontSizes}`);
  if (width >= 900 && measured.leftEdges.length > 8) {
    found.push(`${measured.leftEdges.length} left edges: ${measured.leftEdges}`);
  }
  if (measured.oddGaps.length > 0) found.push(`gaps: ${measured.oddGaps.join("; ")}`);
  if (measured.clipped.length > 0) found.push(`cut off: ${measured.clipped.join("; ")}`);
  if (measured.sideways > 0) found.push(`${measured.sideways} px too wide`);
  if (mostWords !== null && measured.words > mostWords) found.push(`${measured.words} words`);
  return found;
}
