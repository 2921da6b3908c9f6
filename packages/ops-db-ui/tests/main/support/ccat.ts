import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import { variable } from "./environment.ts";

const run = promisify(execFile);
const home = mkdtempSync(`${tmpdir()}/ccat-ui-`);

/** Run the command `ccat` as a person or as an instrument; return what it printed. */
export async function ccat(as: "person" | "instrument", ...given: string[]): Promise<string> {
  const token = as === "person" ? variable("CCAT_API_TOKEN") : variable("CCAT_INSTRUMENT_TOKEN");
  const env = { ...process.env, HOME: home, XDG_STATE_HOME: home, CCAT_API_TOKEN: token };
  const { stdout } = await run(process.env.CCAT_PROGRAM ?? "ccat", given, { env });
  return stdout.trim();
}
