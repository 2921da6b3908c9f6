import { existsSync } from "node:fs";

/** Debian's Chromium, or the one that `CCAT_UI_CHROMIUM` names. */
export const CHROMIUM = process.env.CCAT_UI_CHROMIUM ?? "/usr/bin/chromium";

/** How Playwright starts it. The sandbox of Chromium refuses to run as root, as containers of CI do. */
export const CHROMIUM_OPTIONS = {
  executablePath: CHROMIUM,
  args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
};

/** Say in one line how to get Chromium where it is missing. */
export function needChromium(): void {
  if (existsSync(CHROMIUM)) return;
  process.stderr.write(
    `Chromium is missing at ${CHROMIUM}: install it (Debian: apt-get install chromium) or name it in CCAT_UI_CHROMIUM.\n`,
  );
  process.exit(1);
}
