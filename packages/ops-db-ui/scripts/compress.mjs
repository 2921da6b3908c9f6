// Puts a gzipped copy beside each text file of the build, for servers that send it as it is, and the list of its parts
// beside the build: it is for measuring, nobody loads it.
import { readdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const output = process.env.CCAT_UI_OUTPUT ?? fileURLToPath(new URL("../../../build/ui", import.meta.url));

for (const name of await readdir(`${output}/assets`)) {
  if (/\.(js|css|svg)$/.test(name)) {
    const file = `${output}/assets/${name}`;
    await writeFile(`${file}.gz`, gzipSync(await readFile(file), { level: 9 }));
  }
}

await rename(`${output}/manifest.json`, `${dirname(output)}/ui-parts.json`);
