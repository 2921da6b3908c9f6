import { once } from "node:events";
import { createServer } from "node:net";

/** Return a port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const at = server.address();
  server.close();
  if (typeof at !== "object" || at === null) throw new Error("no port is free");
  return at.port;
}
