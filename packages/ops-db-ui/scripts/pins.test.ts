import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const folder = fileURLToPath(new URL("..", import.meta.url));
const read = (name: string) => JSON.parse(readFileSync(`${folder}${name}`, "utf8"));

test("every package is pinned to one version, which is the one that is installed", () => {
  const { dependencies, devDependencies } = read("package.json");
  const pins = Object.entries<string>({ ...dependencies, ...devDependencies });
  expect(pins.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  const { packages } = read("package-lock.json");
  const locked = pins.map(([name]) => [name, packages[`node_modules/${name}`].version]);
  expect(locked).toEqual(pins);
});

test("where Chromium is missing it is said how to get it", () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--eval", 'import("./tests/chromium.ts").then((it) => it.needChromium())'],
    { cwd: folder, env: { ...process.env, CCAT_UI_CHROMIUM: "/nowhere/chromium" }, encoding: "utf8" },
  );
  expect(status).toBe(1);
  expect(stderr).toContain("/nowhere/chromium");
  expect(stderr).toContain("apt-get install chromium");
  expect(stderr).toContain("CCAT_UI_CHROMIUM");
});
