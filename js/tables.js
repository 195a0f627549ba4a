/** Copy the tables of the Python package into the folder `tables`, where celpvq.js looks for them. */

import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";

const from = new URL("../celpvq/tables/", import.meta.url);
const to = new URL("tables/", import.meta.url);
await mkdir(to, { recursive: true });
for (const name of await readdir(from)) {
  const wanted = await readFile(new URL(name, from));
  const present = await readFile(new URL(name, to)).catch(() => null);
  if (!present?.equals(wanted)) await writeFile(new URL(name, to), wanted); // others may be reading
}
