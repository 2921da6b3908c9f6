import type { Page } from "@playwright/test";

/** A page that is looked at. */
export interface Looked {
  readonly name: string;
  readonly path: string;
  /** What tells the answer of the page, which must be seen without scrolling: the first of each that is shown. */
  readonly answer: readonly string[];
  /** Parts that are measured each for itself, by the names of their rows; given where these are not the whole page. */
  readonly parts?: Readonly<Record<string, string>>;
  /** The only window that it is for. */
  readonly window?: { readonly width: number; readonly height: number };
}

const TITLE = "main h1";
const ROW = "main tbody tr, main ol > li, main ul > li";
const STATE = "main [data-tone]";
const SCREEN = { width: 1920, height: 1080 };

/** Return the pages: of things, those about which the night has most to tell. */
export async function pagesOf(page: Page): Promise<readonly Looked[]> {
  const first = async (list: string) => {
    const answer = await page.request.get(`/api/v1/${list}`);
    const { items } = (await answer.json()) as { items: readonly { id: string; execution_id?: string }[] };
    return items[0];
  };
  const failed = await first("raw-data-packages?state=failed&limit=1");
  const aPackage = failed ?? (await first("raw-data-packages?limit=1"));
  const error = await first("errors?limit=1");
  const work =
    (await first("data-transfers?status=failed&limit=1")) ??
    (await first("data-transfers?status=pending&limit=1")) ??
    (await first("data-transfers?limit=1"));
  return [
    { name: "overview", path: "/", answer: [TITLE] },
    { name: "work", path: "/work", answer: [TITLE] },
    ...(work === undefined
      ? []
      : [{ name: "work-item", path: `/work/data-transfers/${work.id}`, answer: [TITLE] }]),
    { name: "observations", path: "/observations", answer: [TITLE, ROW] },
    { name: "observation", path: `/observations/${aPackage?.execution_id}`, answer: [TITLE, STATE] },
    { name: "package", path: `/packages/${aPackage?.id}`, answer: [TITLE, STATE] },
    { name: "place", path: "/places/locations/ccat.output-buffer", answer: [TITLE, STATE] },
    { name: "errors", path: "/errors", answer: [TITLE] },
    ...(error === undefined ? [] : [{ name: "error", path: `/errors/${error.id}`, answer: [TITLE, STATE] }]),
    { name: "staging", path: "/staging", answer: [TITLE] },
    {
      name: "beside",
      path: `/observations?pane=/observations/${aPackage?.execution_id}`,
      answer: [TITLE, ROW, "[data-pane] h2", "[data-pane] [data-tone]"],
      parts: { "list-beside": "main > :first-child", "page-beside": "[data-pane]" },
      window: SCREEN,
    },
    // Nobody can scroll it.
    { name: "wall", path: "/?wall", answer: ["main"], window: SCREEN },
    { name: "help", path: "/help/work", answer: [TITLE] },
  ];
}
