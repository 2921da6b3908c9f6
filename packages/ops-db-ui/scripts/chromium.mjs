// Which Chromium the tests run in: that of CCAT_CHROMIUM, or the first one on the PATH. Run by itself it prints it.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/** Return the path of Chromium; without one, end with a line that says how to get it. */
export function chromium() {
  const given = process.env.CCAT_CHROMIUM;
  const candidates = given
    ? [given]
    : NAMES.flatMap((name) => (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name)));
  const found = candidates.find(isProgram);
  if (found !== undefined) return found;
  process.stderr.write(
    given
      ? `CCAT_CHROMIUM=${given} is no program; name Chromium's, or leave it out to have one found\n`
      : "Chromium is missing, which the interface's tests run in; install it (Debian: apt install chromium;" +
          " Ubuntu: apt install chromium-browser; Fedora: dnf install chromium), or name one with CCAT_CHROMIUM\n",
  );
  process.exit(1);
}

/** Options with which Playwright starts it; its sandbox cannot be had by root. */
export function launchOptions() {
  return { executablePath: chromium(), args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] };
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(`${chromium()}\n`);
