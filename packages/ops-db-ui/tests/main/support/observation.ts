import { randomBytes } from "node:crypto";
import { chownSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { ccat } from "./ccat.ts";
import { variable } from "./environment.ts";

const OBS_UNIT = "IRC10216_CHAI_CO43";
const MODULE = "chai-lfa";

/** An observation that was filed. */
export interface Observation {
  readonly id: string;
  /** Folder in the source location to which its files were written. */
  readonly folder: string;
  /** Its files, by path below the folder. */
  readonly files: ReadonlyMap<string, Buffer>;
}

/** Write some files, file them as an instrument does, and finish the observation. */
export async function observe(
  names: readonly string[],
  afterFiling?: (it: Observation) => void,
): Promise<Observation> {
  const folder = mkdtempSync(`${variable("CCAT_SOURCE_FOLDER")}/browser-`);
  handOver(folder);
  const files = new Map(names.map((name) => [name, randomBytes(50_000)]));
  for (const [name, content] of files) write(folder, name, content);
  const id = await ccat("instrument", "obs", "start", "--obs-unit", OBS_UNIT, "--module", MODULE);
  await ccat("instrument", "file", "--execution", id, "--module", MODULE, folder);
  const observation = { id, folder, files };
  afterFiling?.(observation);
  await ccat("instrument", "obs", "finish", id);
  return observation;
}

/** Write a file of an observation, also over one that is there. */
export function write(folder: string, name: string, content: Buffer): void {
  const path = `${folder}/${name}`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  handOver(dirname(path));
  handOver(path);
}

function handOver(path: string): void {
  const owner = process.env.CCAT_FILES_OWNER;
  if (owner === undefined || owner === "") return;
  const [user, group] = owner.split(":").map(Number);
  chownSync(path, user ?? 0, group ?? 0);
}
