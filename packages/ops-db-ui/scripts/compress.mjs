// Puts a gzipped copy beside each text file of the build, for servers that send it as it is.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const output = process.env.CCAT_UI_OUTPUT ?? fileURLToPath(new URL("../../../build/ui", import.meta.url));

for (const name of await readdir(`${output}/assets`)) {
  if (/\.(js|css|svg)$/.test(name)) {
    const file = `${output}/assets/${name}`;
    await writeFile(`${file}.gz`, gzipSync(await readFile(file), { level: 9 }));
  }
}
