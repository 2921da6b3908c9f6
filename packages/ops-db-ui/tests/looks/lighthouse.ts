// Prints what Lighthouse says of the Overview, signed in:
//     node tests/looks/lighthouse.ts http://127.0.0.1:18101
// It fails when accessibility or best practices miss their goals. Times are only told: they are those of this machine.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "@playwright/test";
import lighthouse, { desktopConfig } from "lighthouse";
import { CHROMIUM_OPTIONS, needChromium } from "../chromium.ts";
import { freePort } from "./free-port.ts";
import { signIn } from "./sign-in.ts";

const GOALS = { performance: 90, accessibility: 100, "best-practices": 95 } as const;
const TIMES = {
  "largest-contentful-paint": "LCP (goal 2.5 s)",
  "cumulative-layout-shift": "CLS (goal 0.02)",
  "total-blocking-time": "blocked",
} as const;
const OF_THE_MACHINE: readonly string[] = ["performance"];

const [address] = process.argv.slice(2);
if (address === undefined) {
  process.stderr.write("give the address: lighthouse.ts http://127.0.0.1:18101\n");
  process.exit(2);
}
needChromium();
const port = await freePort();
const profile = mkdtempSync(join(tmpdir(), "ccat-lighthouse-"));
// Lighthouse opens its own tab in the browser of a profile, with the cookies of that.
const browser = await chromium.launchPersistentContext(profile, {
  ...CHROMIUM_OPTIONS,
  args: [...CHROMIUM_OPTIONS.args, `--remote-debugging-port=${port}`],
  baseURL: address,
});
const page = await browser.newPage();
await signIn(page);
const devtools = await browser.newCDPSession(page);
const failed = (await audit("desktop", desktopConfig)) + (await audit("phone", undefined));
await browser.close();
rmSync(profile, { recursive: true });
process.exitCode = failed > 0 ? 1 : 0;

/** Print what is said of one kind of machine; return how many goals are missed that do not hang on ours. */
async function audit(machine: string, config: typeof desktopConfig | undefined): Promise<number> {
  // As somebody comes for the first time: signed in, but with nothing of the interface kept.
  await devtools.send("Network.clearBrowserCache");
  const options = { port, logLevel: "error" as const, disableStorageReset: true };
  const answer = await lighthouse(address, { ...options, onlyCategories: Object.keys(GOALS) }, config);
  if (answer === undefined) throw new Error("Lighthouse gave no answer");
  const { categories, audits } = answer.lhr;
  let missed = 0;
  for (const [name, goal] of Object.entries(GOALS)) {
    const category = categories[name];
    const score = Math.round((category?.score ?? 0) * 100);
    print(machine, name, `${score} (goal ${goal})`);
    if (score < goal) {
      if (!OF_THE_MACHINE.includes(name)) missed += 1;
      for (const { id } of category?.auditRefs ?? []) {
        const { score: its, title, displayValue } = audits[id] ?? {};
        if (typeof its === "number" && its < 1) print("", "", `${id}: ${title} ${displayValue ?? ""}`);
      }
    }
  }
  for (const [name, text] of Object.entries(TIMES)) print(machine, text, audits[name]?.displayValue ?? "?");
  return missed;
}

function print(machine: string, what: string, figure: string): void {
  process.stdout.write(`${machine.padEnd(9)}${what.padEnd(18)}${figure}\n`);
}
