// Serves both invented nights and runs on them all that is measured of the interface: `make bench-ui`.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "./free-port.ts";

const LONGEST_START = 300_000;
let failed = 0;

await upon("green-night", (address) => {
  run("pictures", ["node", "tests/looks/pictures.ts", "green-night", address]);
  run("Lighthouse", ["node", "tests/looks/lighthouse.ts", address]);
});
await upon("bad-night", (address) => {
  run("pictures", ["node", "tests/looks/pictures.ts", "bad-night", address]);
});
run("sizes", ["npx", "size-limit"]);
process.exitCode = failed > 0 ? 1 : 0;

/** Serve a night while something is done with its address. */
async function upon(night: string, what: (address: string) => void): Promise<void> {
  const port = await freePort();
  const server = spawn("python", ["-m", "ccat_dev_stack.pictures", night, String(port)], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  try {
    const address = `http://127.0.0.1:${port}`;
    await answers(server, `${address}/healthz`);
    process.stdout.write(`\n${night}\n`);
    what(address);
  } finally {
    if (server.exitCode === null) {
      server.kill("SIGINT");
      await once(server, "exit");
    }
  }
}

/** Wait until a server answers. */
async function answers(server: ChildProcess, address: string): Promise<void> {
  const end = Date.now() + LONGEST_START;
  while (Date.now() < end && server.exitCode === null) {
    const answer = await fetch(address).catch(() => null);
    if (answer?.ok === true) return;
    await pause(500);
  }
  throw new Error(`no answer from ${address}`);
}

function run(title: string, [command = "", ...rest]: readonly string[]): void {
  process.stdout.write(`\n${title}\n`);
  const { status } = spawnSync(command, rest, { stdio: "inherit" });
  if (status !== 0) failed += 1;
}
