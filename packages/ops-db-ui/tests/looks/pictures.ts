// Walks through all pages upon an invented night, takes their pictures and says which rules of looks do not hold:
//     node tests/looks/pictures.ts green-night http://127.0.0.1:18101 [page …]
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, chromium, type Page } from "@playwright/test";
import { CHROMIUM_OPTIONS, needChromium } from "../chromium.ts";
import { measure } from "./measure.ts";
import { type Looked, pagesOf } from "./pages.ts";
import { judge, LOOKS, type Look, RULES, type Rule, table } from "./rules.ts";
import { signIn, stopClock } from "./sign-in.ts";

const [night, address, ...only] = process.argv.slice(2);
if (night === undefined || address === undefined) {
  process.stderr.write("give the night and the address: pictures.ts green-night http://127.0.0.1:18101\n");
  process.exit(2);
}
needChromium();
const folder = fileURLToPath(new URL(`../../../../build/pictures/${night}/`, import.meta.url));
mkdirSync(folder, { recursive: true });

interface Row {
  readonly name: string;
  readonly verdict: Readonly<Record<Rule, readonly string[]>>;
}

/** The look of each scheme in which pages are looked at that are for one window. */
const ONCE = Object.fromEntries(LOOKS.map((look) => [look.scheme, look]));

const rows: Row[] = [];
const browser = await chromium.launch(CHROMIUM_OPTIONS);
for (const look of LOOKS) rows.push(...(await walk(browser, night, address, look)));
await browser.close();

for (const { name, verdict } of rows) {
  for (const rule of RULES) {
    for (const found of verdict[rule]) process.stdout.write(`${name}: ${rule}: ${found}\n`);
  }
}
const broken = rows.flatMap(({ verdict }) => RULES.filter((rule) => verdict[rule].length > 0)).length;
process.stdout.write(`\n${table(rows)}\n\n${broken} rules do not hold; the pictures are in ${folder}\n`);
process.exitCode = broken > 0 ? 1 : 0;

async function walk(of: Browser, its: string, at: string, look: Look): Promise<readonly Row[]> {
  const { scheme, width, height } = look;
  const context = await of.newContext({
    baseURL: at,
    colorScheme: scheme,
    viewport: { width, height },
    locale: "en-GB",
    timezoneId: "UTC",
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  const watched = await watch(page, new URL(at).origin);
  await signIn(page);
  await stopClock(page);
  const found: Row[] = [];
  for (const looked of await pagesOf(page)) {
    if (only.length > 0 && !only.includes(looked.name)) continue;
    if (looked.window !== undefined && look !== ONCE[scheme]) continue;
    const shown = looked.window ?? { width, height };
    watched.clear();
    await page.setViewportSize(shown);
    await open(page, looked);
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
    const axe = violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id} at ${node.target.join(" ")}`),
    );
    for (const [name, part] of Object.entries(looked.parts ?? { [looked.name]: "main" })) {
      const measured = await measure(page, part, looked.answer);
      const seen = { ...measured, axe, foreign: watched.foreign(), reports: watched.reports() };
      found.push({ name: `${name} ${scheme} ${shown.width}`, verdict: judge(seen, looked.name, its) });
    }
    const path = `${folder}${looked.name}-${scheme}-${shown.width}.png`;
    // Of what is for one window, the window is what there is to see.
    await takePicture(page, path, looked.window === undefined);
  }
  await context.close();
  return found;
}

/** Open a page, and wait until all of it is there. */
async function open(page: Page, { path }: Looked): Promise<void> {
  await page.goto(path);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.waitForFunction(() => document.querySelector("[role=status] > .visually-hidden") === null);
  await page.getByRole("link", { name: /^Verdict: (green|watch|act)/ }).waitFor();
  await page.evaluate(() => document.fonts.ready);
}

/** Take a picture of a page or of its window; a bar that is fixed at the bottom of the window stands at the end of the page. */
async function takePicture(page: Page, path: string, isWhole: boolean): Promise<void> {
  const bars = page.locator("nav").filter({ visible: true });
  const setPosition = (position: string) =>
    bars.evaluateAll((all, its) => {
      for (const bar of all as HTMLElement[]) {
        const isAtBottom = getComputedStyle(bar).position === "fixed" || bar.style.position !== "";
        if (isAtBottom) bar.style.position = its;
      }
    }, position);
  await setPosition("static");
  await page.screenshot({ path, fullPage: isWhole });
  await setPosition("");
}

/** Note what a page asks of other origins, and what it reports. */
async function watch(page: Page, origin: string) {
  const foreign = new Set<string>();
  const reports = new Set<string>();
  await page.exposeFunction("noteViolation", (text: string) => reports.add(text));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sourceFile }) => {
      const { noteViolation } = window as unknown as { noteViolation: (text: string) => void };
      noteViolation(`policy: ${violatedDirective} refused ${blockedURI} of ${sourceFile}`);
    });
  });
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.origin !== origin && url.protocol.startsWith("http")) foreign.add(request.url());
  });
  page.on("console", (message) => {
    if (message.type() === "error") reports.add(message.text());
  });
  page.on("pageerror", (error) => reports.add(error.message));
  return {
    foreign: () => [...foreign],
    reports: () => [...reports],
    clear: () => {
      foreign.clear();
      reports.clear();
    },
  };
}
