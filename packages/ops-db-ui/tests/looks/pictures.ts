// Takes pictures of all pages upon an invented night, and says which rules of looks do not hold:
//     node tests/looks/pictures.ts green-night http://127.0.0.1:18101 [page …]
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "@playwright/test";
import { CHROMIUM_OPTIONS, needChromium } from "../chromium.ts";
import { broken, measure } from "./measure.ts";

const NOW = new Date("2026-03-14T06:00:18Z");
const MOST_WORDS_OF_A_GREEN_OVERVIEW = 250;
const LOOKS = [
  ["light", 360, 740],
  ["light", 1280, 720],
  ["light", 2560, 1440],
  ["dark", 1280, 720],
] as const;

const [night, address, ...only] = process.argv.slice(2);
if (night === undefined || address === undefined) {
  process.stderr.write("give the night and the address: pictures.ts green-night http://127.0.0.1:18101\n");
  process.exit(2);
}
needChromium();
const folder = fileURLToPath(new URL(`../../../../build/pictures/${night}/`, import.meta.url));
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch(CHROMIUM_OPTIONS);
let problems = 0;
for (const [scheme, width, height] of LOOKS) problems += await pictures(browser, scheme, width, height);
await browser.close();
process.stdout.write(`${problems} rules do not hold; the pictures are in ${folder}\n`);

async function pictures(
  of: Browser,
  scheme: "light" | "dark",
  width: number,
  height: number,
): Promise<number> {
  const context = await of.newContext({
    baseURL: address ?? "",
    colorScheme: scheme,
    viewport: { width, height },
    locale: "en-GB",
    timezoneId: "UTC",
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  await page.clock.setFixedTime(NOW);
  await page.goto("/sign-in");
  await page.getByRole("button", { name: /^operator/ }).click();
  await page.getByRole("navigation", { name: "Pages" }).first().waitFor();
  let found = 0;
  for (const [name, path] of Object.entries(await addresses(page))) {
    if (only.length > 0 && !only.includes(name)) continue;
    await page.goto(path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.waitForFunction(() => document.querySelector("[role=status] > .visually-hidden") === null);
    await page.getByRole("link", { name: /^Verdict: (green|watch|act)/ }).waitFor();
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: `${folder}${name}-${scheme}-${width}.png`, fullPage: true });
    const most = name === "overview" && night === "green-night" ? MOST_WORDS_OF_A_GREEN_OVERVIEW : null;
    for (const problem of broken(await measure(page), width, most)) {
      found += 1;
      process.stdout.write(`${name} ${scheme} ${width}: ${problem}\n`);
    }
  }
  await context.close();
  return found;
}

/** Return the addresses of the pages: of things, those about which the night has most to tell. */
async function addresses(page: Page): Promise<Readonly<Record<string, string>>> {
  const first = async (list: string) => {
    const answer = await page.request.get(`/api/v1/${list}`);
    const { items } = (await answer.json()) as { items: readonly { id: string; execution_id?: string }[] };
    return items[0];
  };
  const failed = await first("raw-data-packages?state=failed&limit=1");
  const aPackage = failed ?? (await first("raw-data-packages?limit=1"));
  const error = await first("errors?limit=1");
  return {
    overview: "/",
    work: "/work",
    observations: "/observations",
    observation: `/observations/${aPackage?.execution_id}`,
    package: `/packages/${aPackage?.id}`,
    place: "/places/locations/ccat.output-buffer",
    errors: "/errors",
    ...(error === undefined ? {} : { error: `/errors/${error.id}` }),
    staging: "/staging",
  };
}
